/** The connection to a cluster's API server, and its errors in words. */

import { existsSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  KubernetesObjectApi,
  VersionApi,
} from '@kubernetes/client-node';
import { EnvironmentError, InputError } from '../../errors.ts';
import { after } from '../../timers.ts';

/** The name under which fields that this program sets are managed (server-side apply). */
export const FIELD_MANAGER = 'k8s-rollout-test';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const CONNECT_TIMEOUT_MS = 10_000;
/** The kubelet (seen with 1.34) sometimes takes a request and never begins to answer it. */
const ANSWER_TIMEOUT_MS = 5000;

export class KubernetesApi {
  /** The kubeconfig context. */
  readonly context: string;
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly discovery: DiscoveryV1Api;
  readonly authorization: AuthorizationV1Api;
  readonly version: VersionApi;
  readonly objects: KubernetesObjectApi;

  private constructor(config: KubeConfig) {
    this.config = config;
    this.context = config.getCurrentContext() || 'in-cluster';
    this.core = config.makeApiClient(CoreV1Api);
    this.apps = config.makeApiClient(AppsV1Api);
    this.batch = config.makeApiClient(BatchV1Api);
    this.discovery = config.makeApiClient(DiscoveryV1Api);
    this.authorization = config.makeApiClient(AuthorizationV1Api);
    this.version = config.makeApiClient(VersionApi);
    this.objects = KubernetesObjectApi.makeApiClient(config);
  }

  /**
   * Reads the kubeconfig (KUBECONFIG, ~/.kube/config, or a pod's own account), as kubectl does. Asks the server nothing.
   * @throws EnvironmentError without a kubeconfig, InputError for a context it does not have
   */
  static connect(context?: string): KubernetesApi {
    const files = kubeconfigFiles();
    if (files.length === 0 && !existsSync(SERVICE_ACCOUNT)) {
      throw new EnvironmentError('no kubeconfig: set KUBECONFIG, or make ~/.kube/config as your cluster describes');
    }
    const config = new KubeConfig();
    try {
      config.loadFromDefault();
    } catch (error) {
      throw new EnvironmentError(`${files.join(', ')}: not a kubeconfig: ${firstLine(error)}`, { cause: error });
    }
    const names = config.getContexts().map(({ name }) => name);
    const wanted = context ?? config.getCurrentContext();
    const list = names.length === 0 ? 'none' : names.join(', ');
    if (context !== undefined && !names.includes(context)) {
      throw new InputError(`no context "${context}" in ${files.join(', ')}; there are: ${list}`);
    }
    if (files.length > 0 && !names.includes(wanted)) {
      throw new InputError(`${files.join(', ')} has no current context; choose one with --context: ${list}`);
    }
    if (context !== undefined) config.setCurrentContext(context);
    if (!config.getCurrentCluster()) {
      throw new InputError(`context "${wanted}" names a cluster that ${files.join(', ')} does not have`);
    }
    return new KubernetesApi(config);
  }

  /** The context's namespace, as kubectl takes it. */
  get namespace(): string {
    return this.config.getContextObject(this.context)?.namespace || 'default';
  }

  get server(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  /**
   * A GET whose response is read as it comes: followed logs, and a pod through the API server's proxy. Rejects with code
   * ETIMEDOUT when no answer has begun in time.
   */
  async get(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<IncomingMessage> {
    const url = new URL(`${this.server.replace(/\/$/, '')}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options: RequestOptions = { signal, method: 'GET' };
    await this.config.applyToHTTPSOptions(options);
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const outgoing = start(url, options, (response) => {
        timer.cancel();
        resolve(response);
      });
      const timer = after(timeoutMs, () => {
        const message = `no answer within ${timeoutMs / 1000} s`;
        outgoing.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
      });
      outgoing.on('error', (error) => {
        timer.cancel();
        reject(error);
      });
      outgoing.end();
    });
  }
}

/** The kubeconfig files there are, in the order in which they count. */
function kubeconfigFiles(): string[] {
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter(Boolean);
  return (named.length > 0 ? named : [join(homedir(), '.kube', 'config')]).filter((file) => existsSync(file));
}

/** The HTTP status of an API error; undefined for errors of the way there. */
export function apiStatus(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/**
 * What is to be said to the user of a failed call.
 * @param doing what failed: "create a namespace"
 */
export function apiError(error: unknown, doing: string, api: KubernetesApi): Error {
  if (error instanceof ApiException) {
    return new EnvironmentError(`cannot ${doing} on ${api.context}: ${statusMessage(error)}`, { cause: error });
  }
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' && code !== 'ABORT_ERR') return error as Error;
  const how = code === undefined ? firstLine(error) : `${code} (${api.server})`;
  return new EnvironmentError(`cannot ${doing}: the API server of ${api.context} does not answer: ${how}`, {
    cause: error,
  });
}

/** The Status object's message in an error's body, which may be text. */
function statusMessage(error: ApiException<unknown>): string {
  let body = error.body;
  if (typeof body === 'string') {
    try {
      body = JSON.parse(body);
    } catch {
      return `${error.code} ${body}`.trim().split('\n')[0] as string;
    }
  }
  const message = (body as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' ? message.replaceAll(/\s*\n\s*/g, ' ') : `HTTP status ${error.code}`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** Ends an API call that hangs before anything was created. */
export function withinConnectTimeout<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), CONNECT_TIMEOUT_MS);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}
