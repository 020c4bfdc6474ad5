/** `run --dry-run` on this machine: what would be run, and what becomes of each field of the input. */
import { assertDeployable } from '../clusters/local/deployable.ts';
import { fieldReport } from '../clusters/local/fields/field-report.ts';
import { print, printDocument } from '../output.ts';
import { localManifests, type ServiceFlags, serviceOf } from '../own-service/service.ts';
import { jsonText } from '../report/json.ts';
import { type Preview, previewDocument, renderPreview } from '../report/preview.ts';
import { unlessInterrupted } from './interruptions.ts';
import { showInstall } from './show-install.ts';

const UNCHANGED = 'nothing was started';

/**
 * Prints the preview even if the service cannot be run, because it says which fields are in the way.
 * @throws InputError for what a run would refuse
 */
export async function previewRun(
  command: readonly string[],
  flags: ServiceFlags,
  json: boolean | undefined,
): Promise<void> {
  const manifests = await unlessInterrupted(UNCHANGED, () => localManifests(command, flags));
  const preview: Preview = { manifests, report: fieldReport(manifests) };
  const show = () => (json ? printDocument(jsonText(previewDocument(preview))) : print(renderPreview(preview)));
  try {
    const service = await unlessInterrupted(UNCHANGED, (signal) =>
      serviceOf(manifests, command, flags, { signal, onProgress: showInstall }),
    );
    preview.service = service;
    preview.manifests = service.manifests;
  } finally {
    show();
  }
  assertDeployable(manifests);
}
