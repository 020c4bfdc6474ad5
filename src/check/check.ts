/** The static check: turns manifests and a Dockerfile into findings without running anything. */
import { InputError } from '../errors.ts';
import { shortList } from '../manifests/limited.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';
import { printable } from '../printable.ts';
import { type Dockerfile, readDockerfile } from './dockerfile.ts';
import { type CheckResult, inOrder } from './finding.ts';
import { identityOf } from './identity.ts';
import { type LocatedObject, type ReadObjects, readObjects } from './located-object.ts';
import { leftOutNotes, missingTemplateNotes, strandedServiceNotes, workloadNotes } from './notes.ts';
import type { CheckedObject } from './objects.ts';
import { RULES } from './registry.ts';
import { problemsOf } from './rule.ts';
import { type CheckSettings, NO_SETTINGS, optionsFor } from './settings.ts';
import { candidateOf, readingCandidate, sift } from './sift.ts';
import { annotationNotes } from './silence/silence.ts';
import { isOwnImage } from './staying.ts';
import { type CheckOptions, type Context, type Workload, workloadsOf } from './workload.ts';

/** Plain data, because it is passed to a worker. */
export interface CheckInput {
  manifests: readonly ManifestSource[];
  dockerfile?: { file: string; text: string };
  options: CheckOptions;
  settings?: CheckSettings;
}

/**
 * Reads and checks all sources. A document that cannot be read is a finding, and the others are checked.
 * @throws InputError if there is no workload: it names the first document that cannot be read, or the kinds that were
 * found
 */
export function check({ manifests, dockerfile, options, settings = NO_SETTINGS }: CheckInput): CheckResult {
  const read = manifests.map(readObjects);
  const image = dockerfile && readDockerfile(dockerfile.text, dockerfile.file);
  const objects = read.flatMap(({ objects }) => objects);
  const problems = read.flatMap(({ problems }) => problems);
  const isSomething = objects.some(({ value }) => 'template' in value.spec) || problems.some(({ object }) => object);
  if (manifests.length > 0 && !isSomething) throw nothingToCheck(manifests, read);
  const result = checkObjects(objects, options, image, settings);
  const unread = sift(problems.map(readingCandidate), settings);
  return {
    findings: inOrder(
      [...result.findings, ...unread.findings],
      manifests.map(({ name }) => name),
    ),
    silenced: [...result.silenced, ...unread.silenced],
    notes: [...skippedNotes(read), ...leftOutNotes(kindCounts(read)).map(printable), ...result.notes],
  };
}

function nothingToCheck(manifests: readonly ManifestSource[], read: readonly ReadObjects[]): InputError {
  const unreadable = read.flatMap(({ problems }) => problems).find(({ rule }) => rule === 'unreadable-document');
  if (unreadable) {
    const { source, position, message } = unreadable;
    return new InputError(`${source}:${position.line}:${position.column}: ${message}`);
  }
  const names = shortList(manifests.map(({ name }) => name));
  return new InputError(
    `${names}: nothing to check: needs a Deployment, StatefulSet or DaemonSet of apps/v1, has ${kindsFound(read)}`,
  );
}

function skippedNotes(read: readonly ReadObjects[]): string[] {
  const skipped = [...new Set(read.flatMap(({ skipped }) => skipped))];
  return skipped.length === 0 ? [] : [printable(`Skipped, because not Kubernetes objects: ${shortList(skipped)}.`)];
}

/** For example `2 Job, Pod`. */
function kindsFound(read: readonly ReadObjects[]): string {
  const found = [...kindCounts(read)].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  return printable(found.join(', ')) || 'no object';
}

function kindCounts(read: readonly ReadObjects[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [kind, count] of read.flatMap(({ kinds }) => [...kinds]))
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  return counts;
}

/** Checks objects from any source: files or a cluster. */
export function checkObjects(
  objects: readonly LocatedObject<CheckedObject>[],
  options: CheckOptions,
  dockerfile?: Dockerfile,
  settings: CheckSettings = NO_SETTINGS,
): CheckResult {
  const workloads = workloadsOf(objects, options, dockerfile).map(({ workload, context }) => ({
    workload,
    context: { ...context, options: optionsFor(settings, options, identityOf(workload.object.value)) },
  }));
  const candidates = RULES.filter(({ id }) => settings.only?.includes(id) ?? true).flatMap((rule) => [
    ...workloads.flatMap(({ workload, context }) =>
      problemsOf(rule, workload, context).map((problem) => candidateOf(rule, problem, workload.object.value)),
    ),
    ...((dockerfile && rule.evaluateDockerfile?.(dockerfile)) ?? []).map((problem) => candidateOf(rule, problem)),
  ]);
  const { findings, silenced } = sift(candidates, settings);
  const seen = [
    ...annotationNotes(objects.map(({ value }) => value)),
    ...missingTemplateNotes(objects),
    ...strandedServiceNotes(objects),
    ...notes(workloads, dockerfile),
  ];
  return { findings: inOrder(findings), silenced, notes: seen.map(printable) };
}

function notes(workloads: readonly { workload: Workload; context: Context }[], dockerfile?: Dockerfile): string[] {
  const seen = workloadNotes(workloads);
  const others = workloads.some(({ workload }) =>
    workload.containers.some(({ container }) => !isOwnImage(container.image)),
  );
  if (!others && !(dockerfile && workloads.length === 0)) return seen;
  const unseen =
    'Manifests do not show whether the app handles SIGTERM: `k8s-rollout-test conform -- COMMAND` measures it.';
  return [...seen, unseen];
}
