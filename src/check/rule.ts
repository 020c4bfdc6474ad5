/** What a rule is, and what it says. */
import type { CauseId } from '../analysis/causes.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { Dockerfile, DockerfileInstruction } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
import type { CheckedObject } from './objects.ts';
import type { Context, Workload } from './workload.ts';

/** error: breaks requests in every rollout · warning: in some · info: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** Where a problem is: a field of an object, present or absent, or an instruction of the Dockerfile. */
export type Place = { object: LocatedObject<CheckedObject>; path: FieldPath } | { instruction: DockerfileInstruction };

export interface Problem {
  place: Place;
  /** One line: what is wrong, with its numbers, and what to write instead. */
  message: string;
  /** The change of the object that fixes it: a strategic merge patch without the object's name. */
  patch?: object;
}

export interface Rule {
  /** Stable: users name it in their own files. The word of an existing linter where there is one. */
  id: string;
  title: string;
  severity: Severity;
  /** The cause of broken requests it prevents, where it is one of ours. */
  cause?: CauseId;
  /** Why it matters, in a few sentences. */
  explanation: string;
  /** What was measured, with its setting; absent where nothing was. */
  measured?: string;
  /** An example of the fix: YAML, or Dockerfile lines. */
  fix: string;
  /** What other linters call it: `kube-score deployment-replicas`. */
  alsoKnownAs?: readonly string[];
  evaluate?(workload: Workload, context: Context): Problem[];
  evaluateDockerfile?(dockerfile: Dockerfile): Problem[];
}

/** The setting that rollouts were measured in; a rule's `measured` begins with it. */
export const ON_A_CLUSTER =
  'In one rollout on Kubernetes 1.34 (two nodes, kube-proxy with iptables, about 18,900 requests, some of which take 4 s),';
