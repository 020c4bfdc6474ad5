/**
 * How a kind of gateway runs in a cluster: in one pod, in the namespace of the trial, with no rights beyond it. Each
 * kind describes its own in its folder.
 */
import type { GatewayFiles, GatewaySettings, Upstream } from './gateway.ts';
import type { GatewayLog } from './request-log.ts';

export interface InClusterSettings extends GatewaySettings {
  namespace: string;
  /** Where the files are. Nothing can be written there; `folder` is an empty one that can. */
  filesFolder: string;
  /** The app's Service, with its cluster IP. */
  service: Upstream & { name: string };
}

/** What the gateway may do in the namespace, as in a Role. */
export interface NamespaceRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/**
 * A second container in the gateway's pod that tells it of the endpoints: a script for Node. It runs to its end before
 * the gateway starts, with "once" as a further argument, and then beside it.
 */
export interface EndpointFeed {
  /** The name of the script among the files. */
  script: string;
  arguments(settings: InClusterSettings): readonly string[];
}

export interface InCluster {
  /** The official image, in the version that the tests run. */
  image: string;
  /** What it sends to: the pods if it learns of them from the API server, else the Service's address. */
  upstream: 'pods' | 'service';
  command(settings: InClusterSettings): readonly string[];
  /** The files that it starts with. */
  files(settings: InClusterSettings): GatewayFiles;
  environment?(settings: InClusterSettings): Readonly<Record<string, string>>;
  /** What its image's program needs to be executed at all. */
  capabilities?: readonly string[];
  /** Empty: it gets no token. */
  rules: readonly NamespaceRule[];
  /** An Ingress for the app's Service, with these annotations, is how it learns of the endpoints. */
  ingress?: { annotations(settings: Pick<InClusterSettings, 'retries'>): Readonly<Record<string, string>> };
  feed?: EndpointFeed;
  /** False: the user's own settings (--gateway-config) have no place there. */
  takesSettings?: boolean;
  /** A reader of its log; by default, that of the kind. */
  newLog?(settings: Pick<InClusterSettings, 'retries'>): GatewayLog;
}
