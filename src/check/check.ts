/** The static check: turns manifests and a Dockerfile into findings without running anything. */
import { InputError } from '../errors.ts';
import { stopSignalNote } from '../kubernetes-rules/stop-signal.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';
import { printable } from '../printable.ts';
import { type Dockerfile, readDockerfile } from './dockerfile.ts';
import { type CheckResult, findingOf, inOrder } from './finding.ts';
import { type LocatedObject, type ReadObjects, readObjects } from './located-object.ts';
import type { CheckedObject } from './objects.ts';
import { RULES } from './registry.ts';
import { isOwnImage } from './staying.ts';
import { type CheckOptions, type Workload, workloadsOf } from './workload.ts';

/** Plain data, because it is passed to a worker. */
export interface CheckInput {
  manifests: readonly ManifestSource[];
  dockerfile?: { file: string; text: string };
  options: CheckOptions;
}

/**
 * Reads and checks all sources.
 * @throws InputError that names the file and line that cannot be read, or the kinds that were found if none is a
 * workload
 */
export function check({ manifests, dockerfile, options }: CheckInput): CheckResult {
  const read = manifests.map(readObjects);
  const image = dockerfile && readDockerfile(dockerfile.text, dockerfile.file);
  const objects = read.flatMap(({ objects }) => objects);
  if (manifests.length > 0 && !objects.some(({ value }) => 'template' in value.spec)) {
    const names = manifests.map(({ name }) => name).join(', ');
    throw new InputError(
      `${names}: nothing to check: needs a Deployment, StatefulSet or DaemonSet of apps/v1, has ${kindsFound(read)}`,
    );
  }
  return checkObjects(objects, options, image);
}

/** For example `2 Job, Pod`. */
function kindsFound(read: readonly ReadObjects[]): string {
  const counts = new Map<string, number>();
  for (const [kind, count] of read.flatMap(({ kinds }) => [...kinds]))
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  const found = [...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  return printable(found.join(', ')) || 'no object';
}

/** Checks objects from any source: files or a cluster. */
export function checkObjects(
  objects: readonly LocatedObject<CheckedObject>[],
  options: CheckOptions,
  dockerfile?: Dockerfile,
): CheckResult {
  const workloads = workloadsOf(objects, options, dockerfile);
  const findings = RULES.flatMap((rule) =>
    [
      ...workloads.flatMap(({ workload, context }) => rule.evaluate?.(workload, context) ?? []),
      ...((dockerfile && rule.evaluateDockerfile?.(dockerfile)) ?? []),
    ].map((problem) => findingOf(rule, problem)),
  );
  return {
    findings: inOrder(findings),
    notes: notes(
      workloads.map(({ workload }) => workload),
      dockerfile,
    ),
  };
}

function notes(workloads: readonly Workload[], dockerfile?: Dockerfile): string[] {
  const idle = workloads
    .filter(({ containers }) => !containers.some(({ serves }) => serves))
    .map(
      ({ name }) =>
        `${name}: no Service here selects it, and it declares neither a port nor a probe: rules about traffic were skipped.`,
    );
  const signals = workloads.flatMap(({ containers }) =>
    containers.flatMap(({ container }) => stopSignalNote(container) ?? []),
  );
  const others = workloads.some(({ containers }) => containers.some(({ container }) => !isOwnImage(container.image)));
  const seen = [...idle, ...signals].map(printable);
  if (!others && !(dockerfile && workloads.length === 0)) return seen;
  const unseen =
    'Manifests do not show whether the app handles SIGTERM: `k8s-rollout-test conform -- COMMAND` measures it.';
  return [...seen, unseen];
}
