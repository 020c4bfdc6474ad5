/** What the program needs of a cluster, whether simulated on this machine or real. */
import type { Manifests } from '../manifests/manifests.ts';
import type { TrialClock } from '../trace/clock.ts';
import type { OffsetEstimate } from '../trace/clock-offset.ts';
import type { ClusterEvent, ClusterRecord, PodRef } from '../trace/cluster-record.ts';
import type { Disruption } from '../trace/trace.ts';

/** Which pods each router sends new connections to. The local load follows this and dials the pods directly. */
export interface RoutingTable {
  /** No router stands between: a client asks DNS for the pods' addresses, for each new connection anew, and picks one. */
  headless: boolean;
  routers: { name: string; endpoints: Endpoint[] }[];
}
export interface Endpoint {
  pod: PodRef;
  host: string;
  port: number;
  /** False once the pod's network is gone: what is sent there is lost, not refused. */
  reachable: boolean;
}

/** Where load is sent: to a URL, to a Service that only pods can reach, or along a routing table that changes under way. */
export type Target =
  | { kind: 'url'; url: string }
  | {
      kind: 'service';
      url: string;
      namespace: string;
      /** The clock of the pod of that name minus ours; undefined where it is not known. */
      clockOffset(pod: string): OffsetEstimate | undefined;
    }
  | {
      kind: 'routes';
      /** The Service as a TCP proxy on loopback, for load generators that cannot follow the table. */
      url: string;
      current(): RoutingTable;
      onChange(listener: (table: RoutingTable) => void): void;
      /** Where the TCP proxy sent the request with this id; undefined when it never saw it. */
      whereWas(requestId: string): ProxiedRequest | undefined;
    };

/** What the Service's TCP proxy knows of one request that came through it. */
export interface ProxiedRequest {
  router: string;
  /** Absent when no endpoint existed. */
  pod?: PodRef;
  /** errno of the proxy's own connection to the pod, where that failed (ECONNREFUSED). */
  connectError?: string;
  /** Whether an earlier request had used the connection. */
  connection: 'fresh' | 'reused';
}

export interface DeployOptions {
  manifests: Manifests;
  clock: TrialClock;
  /** Aborting ends every wait with its reason; `remove()` must still be called. */
  signal: AbortSignal;
  /** Told of state changes, for progress. */
  onEvent?: (event: ClusterEvent) => void;
}

export interface Cluster {
  /** "local", or the kubeconfig context. */
  readonly name: string;
  /** Applies the manifests and waits until every replica is ready and routed to. */
  deploy(options: DeployOptions): Promise<Deployed>;
}

export interface Deployed {
  readonly target: Target;
  /**
   * What is done to the pods when nothing else is asked for: a rollout replaces each of them as a changed template would, a
   * command is the user's. Resolves once it is complete and the last old pod is gone.
   */
  disrupt(): Promise<void>;
  readonly disruption: Disruption['kind'];
  /**
   * After the load, where requests broke: records what runs the server (npm, a shell) and what that does with the stop
   * signal. It costs a pod. Absent where it cannot be seen.
   */
  examineWrapper?(): Promise<void>;
  /** Takes away everything that was created. Safe to call at any time, more than once. */
  remove(): Promise<void>;
  /** The facts so far. */
  record(): ClusterRecord;
}
