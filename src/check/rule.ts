/** The form of a rule, and of the problems that it reports. */
import type { CauseId } from '../analysis/causes.ts';
import type { FieldPath, Position } from '../manifests/yaml-documents.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
import type { CheckedObject } from './objects.ts';
import { isOwnImage } from './staying.ts';
import type { Context, Workload } from './workload.ts';

/**
 * - error: breaks requests or hangs the rollout, whatever the app does, and the rule names a measurement or a source
 * - warning: whether it does depends on the app, the load or the cluster
 * - info: worth knowing
 */
export type Severity = 'error' | 'warning' | 'info';

/** The location of a problem: a field of an object, present or absent, or an instruction of the Dockerfile. */
export type Place =
  | { object: LocatedObject<CheckedObject>; path: FieldPath }
  | { instruction: { file: string; position: Position } };

export interface Problem {
  place: Place;
  /** One line: the problem with its numbers, and what to write instead. */
  message: string;
  /** A strategic merge patch that fixes the object, without the object's name. */
  patch?: object;
  /** If this manifest makes the problem more or less severe than the rule says. */
  severity?: Severity;
}

export interface Rule {
  /**
   * Must not change, because users refer to it in their own files. The same name as in an existing linter, if there is
   * one.
   */
  id: string;
  title: string;
  severity: Severity;
  /**
   * What the rule judges, which decides for which workloads it is asked:
   * - manifest: the manifest itself, whatever runs
   * - process: what the containers run, under any controller
   * - pods: the settings of the pods and of their controller; not if Knative sets them
   * - gaps: moments in an update when nothing serves; not if each update is an outage by design
   * All but the first need pods: a workload with 0 replicas that nothing scales up has none.
   */
  judges: 'manifest' | 'process' | 'pods' | 'gaps';
  /** The cause of broken requests that the rule prevents, if any. */
  cause?: CauseId;
  /** Why it matters, in a few sentences. */
  explanation: string;
  /** What was measured, and where; absent if nothing was. */
  measured?: string;
  /** Where Kubernetes documents or implements it; an error without a measurement needs one. */
  documented?: string;
  /** An example of the fix: YAML, or Dockerfile lines. */
  fix: string;
  /** The names of the rule in other linters: `kube-score deployment-replicas`. */
  alsoKnownAs?: readonly string[];
  evaluate?(workload: Workload, context: Context): Problem[];
  evaluateDockerfile?(dockerfile: Dockerfile): Problem[];
}

/** Where rollouts were measured; a rule's `measured` begins with it. */
export const ON_A_CLUSTER =
  'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables, about 18,900 requests, some of which take 4 s),';

/** The problems that a rule finds in a workload. */
export function problemsOf(rule: Rule, workload: Workload, context: Context): Problem[] {
  return applies(rule, workload) ? (rule.evaluate?.(workload, context) ?? []) : [];
}

function applies({ judges }: Rule, { isOff, controller, hasPlannedOutage }: Workload): boolean {
  if (judges === 'manifest') return true;
  if (isOff) return false;
  if (judges === 'process') return true;
  return controller !== 'Knative' && !(judges === 'gaps' && hasPlannedOutage);
}

/**
 * A short gap in an update is only worth knowing where there are longer ones: if one pod runs and nothing adds more, it
 * crashes or its node is drained; and with Recreate, each rollout has a gap of its own. Not for this project's images,
 * which are there to show gaps.
 */
export function lessBesideLongerGaps(
  { replicas, containers, rollout }: Workload,
  { autoscaler }: Context,
): Pick<Problem, 'severity'> {
  const isOwn = containers.some(({ container }) => isOwnImage(container.image));
  const hasLongerGaps = (replicas === 1 && !autoscaler) || rollout.type === 'Recreate';
  return hasLongerGaps && !isOwn ? { severity: 'info' } : {};
}
