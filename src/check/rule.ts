/** The form of a rule, and of the problems that it reports. */
import type { CauseId } from '../analysis/causes.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { Dockerfile, DockerfileInstruction } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
import type { CheckedObject } from './objects.ts';
import type { Context, Workload } from './workload.ts';

/**
 * error: breaks requests or hangs the rollout, whatever the app does, and the rule names a measurement or a source ·
 * warning: whether it does depends on the app, the load or the cluster · info: worth knowing.
 */
export type Severity = 'error' | 'warning' | 'info';

/** The location of a problem: a field of an object, present or absent, or an instruction of the Dockerfile. */
export type Place = { object: LocatedObject<CheckedObject>; path: FieldPath } | { instruction: DockerfileInstruction };

export interface Problem {
  place: Place;
  /** One line: the problem with its numbers, and what to write instead. */
  message: string;
  /** A strategic merge patch that fixes the object, without the object's name. */
  patch?: object;
  /** Lower than the rule's, if this case depends on more than the manifest shows. */
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
