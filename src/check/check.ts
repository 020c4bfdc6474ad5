/** The static check: turns manifests and a Dockerfile into findings without running anything. */
import type { CauseId } from '../analysis/causes.ts';
import { InputError } from '../errors.ts';
import type { ManifestSource, Position } from '../manifests/yaml-documents.ts';
import { printable } from '../printable.ts';
import { fieldPath } from '../schema-issue.ts';
import { yamlText } from '../yaml-text.ts';
import { type Dockerfile, readDockerfile } from './dockerfile.ts';
import { type LocatedObject, type ReadObjects, readObjects } from './located-object.ts';
import { leftOutNotes, missingTemplateNotes, workloadNotes } from './notes.ts';
import type { CheckedObject } from './objects.ts';
import { RULES } from './registry.ts';
import { type Problem, problemsOf, type Rule, type Severity } from './rule.ts';
import { isOwnImage } from './staying.ts';
import { type CheckOptions, type Context, type Workload, workloadsOf } from './workload.ts';

/** Plain data, because it is passed to a worker. */
export interface CheckInput {
  manifests: readonly ManifestSource[];
  dockerfile?: { file: string; text: string };
  options: CheckOptions;
}

export interface ObjectIdentity {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

export interface Finding {
  rule: string;
  severity: Severity;
  cause?: CauseId;
  /** One line. */
  message: string;
  /** The file, or a name for another source. */
  source: string;
  position?: Position;
  /** The object and its field; absent for a Dockerfile. */
  object?: ObjectIdentity;
  field?: string;
  /**
   * The fix: a patch of this object as YAML, or the rule's example if the manifest alone does not determine the fix.
   */
  fix: string;
  /** The patch, if `fix` is one. */
  patch?: object;
}

export interface CheckResult {
  /** Sorted by source, line and rule. */
  findings: Finding[];
  /** What was skipped or cannot be determined, one line each. */
  notes: string[];
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
  const { findings, notes } = checkObjects(objects, options, image);
  return { findings, notes: [...leftOutNotes(kindCounts(read)).map(printable), ...notes] };
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
): CheckResult {
  const workloads = workloadsOf(objects, options, dockerfile);
  const findings = RULES.flatMap((rule) =>
    [
      ...workloads.flatMap(({ workload, context }) => problemsOf(rule, workload, context)),
      ...((dockerfile && rule.evaluateDockerfile?.(dockerfile)) ?? []),
    ].map((problem) => findingOf(rule, problem)),
  );
  return {
    findings: inOrder(findings),
    notes: [...missingTemplateNotes(objects), ...notes(workloads, dockerfile)].map(printable),
  };
}

function findingOf(rule: Rule, { place, message, patch, severity = rule.severity }: Problem): Finding {
  const { id, cause } = rule;
  const common = { rule: id, severity, ...(cause && { cause }), message: printable(message) };
  if ('instruction' in place) {
    const { file, position } = place.instruction;
    return { ...common, source: file, position, fix: rule.fix };
  }
  const { source, value, locate } = place.object;
  const position = locate(place.path);
  const { name, namespace } = value.metadata;
  const object = {
    apiVersion: value.apiVersion,
    kind: value.kind,
    name,
    ...(namespace !== undefined && { namespace }),
  };
  return {
    ...common,
    source,
    ...(position && { position }),
    object,
    field: fieldPath(place.path),
    fix: patch ? patchText(object, patch) : rule.fix,
    ...(patch && { patch }),
  };
}

/** A patch that kubectl and kustomize accept. */
export function patchText({ apiVersion, kind, name, namespace }: ObjectIdentity, patch: object): string {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return yamlText({ apiVersion, kind, metadata, ...patch }).trimEnd();
}

/** In the order of the sources; on the same line, errors come first. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const sources = [...new Set(findings.map(({ source }) => source))];
  const severities: readonly Severity[] = ['error', 'warning', 'info'];
  const key = ({ source, position, severity }: Finding) => [
    sources.indexOf(source),
    position?.line ?? 0,
    position?.column ?? 0,
    severities.indexOf(severity),
  ];
  return findings.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left.reduce((order, value, index) => order || value - (right[index] ?? 0), 0);
  });
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
