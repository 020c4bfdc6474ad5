/** Reads what `check` is given, files or a cluster, and checks it. */
import { relative } from 'node:path';
import { checkObjects } from '../check/check.ts';
import type { CheckResult } from '../check/finding.ts';
import { checkWithinLimits, readDockerfileWithinLimits } from '../check/limited.ts';
import { liveObjects } from '../check/live-objects.ts';
import type { CheckSettings } from '../check/settings.ts';
import { type RenderedSource, renderSource } from '../check/sources.ts';
import type { CheckOptions } from '../check/workload.ts';
import { InputError } from '../errors.ts';
import { findManifests } from '../manifests/manifest-paths.ts';
import { readSource, readSources, STDIN } from '../manifests/read-source.ts';
import type { ArtifactOf } from '../report/artifact.ts';
import type { CheckFlags } from './check-options.ts';
import { unlessInterrupted } from './interruptions.ts';

export interface Checked {
  result: CheckResult;
  artifactOf: ArtifactOf;
}

export interface HowToCheck {
  options: CheckOptions;
  settings: CheckSettings;
}

export async function checkCluster(dash: '-' | undefined, flags: CheckFlags, how: HowToCheck): Promise<Checked> {
  if (dash || flags.kustomize || flags.filename || flags.recursive) {
    throw new InputError('check --on kubernetes reads the cluster, so -k, -f, -R and - cannot be used');
  }
  // Loaded only if needed, because loading the client library takes most of a second.
  const [{ KubernetesApi }, { listObjects }] = await Promise.all([
    import('../clusters/kubernetes/api.ts'),
    import('../clusters/kubernetes/list-objects.ts'),
  ]);
  const api = KubernetesApi.connect(flags.context);
  const namespace = flags.allNamespaces ? undefined : (flags.namespace ?? api.namespace);
  const listed = await unlessInterrupted('nothing was checked', () => listObjects(api, namespace));
  const { objects, notes } = liveObjects(listed.objects, listed.pods, api.context);
  if (!objects.some(({ value }) => 'template' in value.spec)) {
    const where = namespace === undefined ? 'on this cluster' : `in namespace ${namespace}`;
    throw new InputError(`${api.context}: nothing to check: there is no Deployment, StatefulSet or DaemonSet ${where}`);
  }
  const image = flags.dockerfile === undefined ? undefined : await readSource(flags.dockerfile);
  const dockerfile = image && (await readDockerfileWithinLimits(image));
  const result = checkObjects(objects, how.options, dockerfile, how.settings);
  return { result: { ...result, notes: [...result.notes, ...notes] }, artifactOf: () => ({ hasLines: false }) };
}

export async function checkFiles(dash: '-' | undefined, flags: CheckFlags, how: HowToCheck): Promise<Checked> {
  const stray = (['context', 'namespace', 'allNamespaces'] as const).find((name) => flags[name] !== undefined);
  if (stray)
    throw new InputError(
      `--${stray === 'allNamespaces' ? 'all-namespaces' : stray} is for a cluster: add --on kubernetes`,
    );
  const rendered: RenderedSource[] = [];
  for (const folder of new Set(flags.kustomize)) rendered.push(await renderSource(folder));
  const found = findManifests([...(flags.filename ?? []), ...(dash ? ['-'] : [])], flags.recursive ?? false);
  const searched = new Set(found.files.filter((file) => file.searched).map(({ path }) => path));
  const skipped: string[] = [];
  const read = await readSources(
    found.files.map(({ path }) => path),
    (path, problem) => {
      if (!searched.has(path)) throw problem;
      skipped.push(`Skipped ${problem.message}.`); // as an encrypted secret
    },
  );
  const sources = read.map((source) => ({ ...source, searched: searched.has(source.name) }));
  const manifests = [...rendered, ...sources];
  const image = flags.dockerfile === undefined ? undefined : await readSource(flags.dockerfile);
  if (manifests.length === 0 && !image) {
    throw new InputError('check: nothing to check: give -k DIR, -f FILE, -, --dockerfile FILE or --on kubernetes');
  }
  const result = await checkWithinLimits({
    ...how,
    manifests,
    ...(image && { dockerfile: { file: image.name, text: image.text } }),
  });
  const notes = [
    ...found.notes,
    ...skipped,
    ...result.notes,
    ...rendered.map(({ kustomization }) => `Line numbers refer to the rendered output of ${kustomization}.`),
  ];
  return { result: { ...result, notes }, artifactOf: artifacts(rendered) };
}

function artifacts(rendered: readonly RenderedSource[]): ArtifactOf {
  return (source) => {
    const kustomization = rendered.find(({ name }) => name === source)?.kustomization;
    if (kustomization !== undefined) return { file: relativeToHere(kustomization), hasLines: false };
    return source === STDIN ? { hasLines: false } : { file: relativeToHere(source), hasLines: true };
  };
}

/** A path relative to the current folder: GitHub expects paths from the top of the repository, where its steps run. */
function relativeToHere(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.startsWith('..') ? path : fromHere;
}
