/** The interface of a cluster, simulated on this machine or real. */
import type { GatewayTraffic } from '../gateways/attempts.ts';
import type { Manifests } from '../manifests/manifests.ts';
import type { TrialClock } from '../trace/clock.ts';
import type { OffsetEstimate } from '../trace/clock-offset.ts';
import type { ClusterEvent, ClusterRecord, PodRef } from '../trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../trace/disruption.ts';

/**
 * The pods to which each router sends new connections. The builtin load on this machine follows it and connects to the
 * pods directly.
 */
export interface RoutingTable {
  /**
   * There is no kube-proxy in between: for each new connection a client queries DNS for the pods' addresses and picks
   * one.
   */
  headless: boolean;
  /** Behind the only endpoint is a gateway, which chooses a pod for each request and not for each connection. */
  perRequest?: boolean;
  /** As in a target. */
  virtualHost?: string | undefined;
  routers: { name: string; endpoints: Endpoint[] }[];
}
export interface Endpoint {
  pod: PodRef;
  host: string;
  port: number;
  /** False once the pod's network is gone: packets to it are lost, connections are not refused. */
  reachable: boolean;
  /** Nothing listens there, so a new connection is refused. Absent if that is not known. */
  refuses?: boolean;
}

/**
 * Where the load goes: to a URL, to a Service that only pods can reach, or along a routing table that changes
 * meanwhile.
 */
export type Target =
  | {
      kind: 'url';
      url: string;
      /** A gateway answers there, which chooses a pod for each request and not for each connection. */
      perRequest?: boolean;
      /**
       * The Host header of each request: the gateway serves other hosts too. Each request's id is then in its query as
       * well (`withRequestId`), because such a gateway's log may have no other sign of it.
       */
      virtualHost?: string | undefined;
    }
  | {
      kind: 'service';
      url: string;
      namespace: string;
      /** The Service is that of a gateway, which chooses a pod for each request and not for each connection. */
      perRequest?: boolean;
      /** As for a URL. */
      virtualHost?: string | undefined;
      /**
       * The clock of the pod of that name minus ours; undefined if not known. Absent if the server does not report its
       * time in its responses.
       */
      clockOffset?(pod: string): OffsetEstimate | undefined;
    }
  | {
      kind: 'routes';
      /** The Service as a TCP proxy on loopback, for load generators that cannot follow the table. */
      url: string;
      current(): RoutingTable;
      onChange(listener: (table: RoutingTable) => void): void;
      /** What the TCP proxy recorded about the request with this id; undefined if it never saw it. */
      proxiedRequest(requestId: string): ProxiedRequest | undefined;
    };

/** What the Service's TCP proxy recorded about a request. */
export interface ProxiedRequest {
  router: string;
  /** Absent if there was no endpoint. */
  pod?: PodRef;
  /** errno of the proxy's own connection to the pod, if that failed (ECONNREFUSED). */
  connectError?: string;
  /** Whether an earlier request had used the connection. */
  connection: 'fresh' | 'reused';
}

export interface DeployOptions {
  manifests: Manifests;
  clock: TrialClock;
  /** Aborting ends every wait with the signal's reason; `remove()` must still be called. */
  signal: AbortSignal;
  /**
   * What `disrupt()` will do; by default, a rollout. Known beforehand, because it may be impossible here, and because
   * a rollback needs a second revision before the load begins.
   */
  disruption?: PlannedDisruption;
  /** Called for each state change, for progress output. */
  onEvent?: (event: ClusterEvent) => void;
}

export interface Cluster {
  /** "local", or the kubeconfig context. */
  readonly name: string;
  /**
   * Applies the manifests and waits until every replica is ready and receives traffic.
   * @throws InputError, EnvironmentError or ProgramError if the manifests are rejected or the pods do not become ready
   */
  deploy(options: DeployOptions): Promise<Deployed>;
}

export interface Deployed {
  readonly target: Target;
  /** How many pods the workload has before the disruption; for a DaemonSet, one per node. */
  readonly replicas: number;
  /** The pods' own addresses, past every gateway. Absent if this machine does not reach them. */
  readonly pods?: readonly Endpoint[];
  /**
   * Carries out the planned disruption. Resolves once every pod is as wanted again, the routers know it, and the last
   * pod that was deleted is gone.
   */
  disrupt(): Promise<DisruptionOutcome>;
  /**
   * Call after the load, if requests broke. Records what wraps the server (npm, a shell) and what the wrapper does with
   * the stop signal. Costs one pod. Absent if wrappers cannot be observed.
   */
  examineWrapper?(): Promise<void>;
  /** Call after the load, if the record names a gateway: what it logged about the requests. It serves none after that. */
  gatewayTraffic?(): Promise<GatewayTraffic>;
  /** Removes everything that was created. Safe to call at any time, and more than once. */
  remove(): Promise<void>;
  /** What has been observed so far. */
  record(): ClusterRecord;
}
