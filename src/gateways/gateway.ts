/**
 * The interface of a gateway: a reverse proxy between the load and the pods, run as the real program. A folder beside
 * this file describes each kind: its configuration as its common controller writes it, how it learns of endpoints, and
 * its log. Everything else (processes, ports, delays, the joining with the load) is shared.
 */
import type { EndpointConditions } from '../kubernetes-rules/usable-endpoints.ts';
import type { InCluster } from './in-cluster.ts';
import type { GatewayLog } from './request-log.ts';

/** A pod's address, or the Service's, as the gateway's configuration names it. */
export interface Upstream {
  host: string;
  port: number;
}

/** Where a gateway runs, and what the user wants of it. */
export interface GatewaySettings {
  /** The address on which it accepts requests. */
  host: string;
  port: number;
  /** The port of its runtime or admin API on loopback. Gateways without one leave it unused. */
  adminPort: number;
  /** The folder for its files. Nothing else is in it. */
  folder: string;
  /** Where a gateway that does not log requests to its output writes that log: a file, read once it has stopped. */
  requestLog: string;
  /** The user's own configuration (--gateway-config), as text; each gateway says where it is inserted. */
  fragment?: string | undefined;
  /**
   * How many times it may send a request again, on another pod where it can: after a failed connection, and where no
   * answer began and the method is safe. 0: never. Undefined: what the program does by default.
   */
  retries?: number | undefined;
}

/** A file that the gateway reads, by its name in the folder. */
export type GatewayFiles = Readonly<Record<string, string>>;

/** What a gateway uses to bring a change of the endpoints into effect while it runs. */
export interface GatewayControl {
  readonly settings: GatewaySettings;
  /** Replaces files in the folder, each by a rename, so that a program that watches them never reads half of one. */
  write(files: GatewayFiles): void;
  signal(name: NodeJS.Signals): void;
  /** The next line of its output that the pattern matches. */
  nextLine(pattern: RegExp): Promise<string>;
  /** Sends one request to its admin API and returns the response's text. Rejects for a status other than 2xx. */
  admin(method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<string>;
  /** Sends one line to its runtime API (a TCP port that closes after the answer) and returns the answer. */
  command(line: string): Promise<string>;
}

export interface GatewayKind {
  /** As in `--through`. */
  readonly name: string;
  readonly title: string;
  /** The program's name on the PATH. */
  readonly program: string;
  /** How to install it, as the end of a sentence: "install it with …". */
  readonly install: string;
  /** Prints its version. */
  readonly versionArguments: readonly string[];
  readonly versionPattern: RegExp;
  /** How its common controller follows the endpoints. */
  readonly controller: {
    /** The controller that is imitated. */
    name: string;
    /** How the gateway learns of endpoints, in a few words. */
    learnsBy: string;
    /** The shortest time between two changes, in ms. 0 if the program itself limits them. */
    minPeriodMs: number;
    /** The endpoints that it uses. */
    choose<T extends EndpointConditions>(endpoints: readonly T[]): readonly T[];
  };
  /**
   * What it means that its log lacks a request that it accepted a connection for: it never read the request, or an idle
   * connection to a pod ended as it sent the request there.
   */
  readonly unlogged: 'never-read' | 'reused-connection-ended';
  /** Whether it opens a connection again by default if it was refused, but not if it was reset. */
  readonly retriesRefused?: true;
  /**
   * Whether a request that waits for its connection to be established takes another connection that becomes free in the
   * meantime, as in Go's HTTP client. Else it waits as long as the network lets it.
   */
  readonly takesFreeConnections?: true;
  /** The files for these endpoints. */
  files(settings: GatewaySettings, endpoints: readonly Upstream[]): GatewayFiles;
  /** The arguments of the program. It must stay in the foreground and in its process group. */
  arguments(settings: GatewaySettings): readonly string[];
  /** Brings the endpoints into effect. Resolves once new requests go to them. */
  apply(endpoints: readonly Upstream[], control: GatewayControl): Promise<void>;
  /** Whether its log about requests is in `requestLog` and not in its output. */
  readonly logsToFile: boolean;
  /** A reader of its log, with the state that the lines before have left. */
  newLog(): GatewayLog;
  /** How it runs in a cluster. */
  inCluster: InCluster;
}
