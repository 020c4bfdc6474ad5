/** The connection to a cluster's API server, and the error messages for its failures. */
import type { IncomingMessage } from 'node:http';
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  type Configuration,
  CoreV1Api,
  DiscoveryV1Api,
  type KubeConfig,
  KubernetesObjectApi,
  VersionApi,
} from '@kubernetes/client-node';
import { EnvironmentError, InputError, ProgramError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { AnswerError } from './answer.ts';
import { Credentials } from './credentials.ts';
import { prepareContext } from './current-context.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { readShort, Transport } from './transport.ts';

/** The field manager for server-side apply. */
export const FIELD_MANAGER = 'k8s-rollout-test';

/** The kubelet (observed with 1.34) sometimes accepts a request and never begins to respond. */
const ANSWER_TIMEOUT_MS = 5000;
/** The server's reason for a refusal is cut to this length. */
const MAX_REASON_LENGTH = 500;

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

  readonly #transport: Transport;

  private constructor(config: KubeConfig, transport: Transport) {
    this.config = config;
    this.#transport = transport;
    this.context = config.getCurrentContext() || 'in-cluster';
    this.core = this.client(CoreV1Api);
    this.apps = this.client(AppsV1Api);
    this.batch = this.client(BatchV1Api);
    this.discovery = this.client(DiscoveryV1Api);
    this.authorization = this.client(AuthorizationV1Api);
    this.version = this.client(VersionApi);
    this.objects = this.client(KubernetesObjectApi);
  }

  /**
   * Reads the kubeconfig (KUBECONFIG, ~/.kube/config, or a pod's service account), as kubectl does. Sends no request.
   * @throws EnvironmentError without a usable kubeconfig, InputError for an unknown context
   */
  static connect(context?: string): KubernetesApi {
    const { config, files } = readKubeconfig();
    const names = config.getContexts().map(({ name }) => name);
    const wanted = context ?? config.getCurrentContext();
    const list = names.length === 0 ? 'none' : names.join(', ');
    if (context !== undefined && !names.includes(context)) {
      throw new InputError(`no context "${context}" in ${files.join(', ')}; available contexts: ${list}`);
    }
    if (files.length > 0 && !names.includes(wanted)) {
      throw new InputError(`${files.join(', ')} has no current context; choose one with --context: ${list}`);
    }
    if (context !== undefined) config.setCurrentContext(context);
    if (!config.getCurrentCluster()) {
      throw new InputError(`context "${wanted}" names a cluster that is not in ${files.join(', ')}`);
    }
    const user = prepareContext(config, files);
    return new KubernetesApi(config, new Transport(config, new Credentials(config, user)));
  }

  /** An instance of one of the client library's API classes, whose calls are subject to this program's limits. */
  client<T>(type: new (configuration: Configuration) => T): T {
    return new type(this.#transport.configuration);
  }

  /** The context's namespace, as kubectl determines it. */
  get namespace(): string {
    return this.config.getContextObject(this.context)?.namespace || 'default';
  }

  get server(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  /**
   * A GET request whose response is streamed: a followed log, or a pod through the API server's proxy. Rejects with
   * code ETIMEDOUT if no response has begun within `timeoutMs`.
   */
  async get(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<IncomingMessage> {
    return this.#transport.open(path, query, signal, timeoutMs);
  }

  /** A GET request to a pod through the API server's proxy. Returns the response as text. */
  async getText(path: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const response = await this.get(path, {}, signal);
    return { status: response.statusCode ?? 0, body: (await readShort(response)).toString() };
  }

  /**
   * A GET request for JSON. Only checks that the response is an object, and that the items of a list are named objects.
   * @param bytes the maximum size of the response
   * @throws ApiException for a refusal, AnswerError for a response that does not come from Kubernetes
   */
  async read(
    path: string,
    query: Record<string, string>,
    bytes: number,
  ): Promise<{ list: Record<string, unknown>; bytes: number }> {
    const answer = await this.#transport.read(path, query, bytes);
    if (!answer.object) throw new ApiException(answer.status, 'refused', answer.text, {});
    return { list: answer.object, bytes: answer.bytes };
  }
}

/** The HTTP status of an API error; undefined if there was no response. */
export function apiStatus(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/**
 * The error to show to the user when a call has failed.
 * @param doing what failed, as a verb: "create a namespace"
 */
export function apiError(error: unknown, doing: string, api: KubernetesApi): Error {
  if (error instanceof ProgramError) return error;
  if (error instanceof ApiException) {
    return new EnvironmentError(`cannot ${doing} on ${api.context}: ${statusMessage(error)}`, { cause: error });
  }
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' && code !== 'ABORT_ERR') return error as Error;
  return new EnvironmentError(`cannot ${doing}: the API server of ${api.context} ${failure(error, api)}`, {
    cause: error,
  });
}

function failure(error: unknown, { server }: KubernetesApi): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof AnswerError) return `answers ${message} (${server}): is there a proxy in front of it?`;
  if (code === 'ERR_INVALID_CHAR') {
    return 'was not asked: the login in the kubeconfig contains a character that HTTP does not allow';
  }
  if (code?.startsWith('ERR_OSSL')) return `was not asked: a certificate or key in the kubeconfig is unusable: ${code}`;
  if (code !== undefined) return `does not answer: ${code} (${server})`;
  // The client library could not read the fields of the response.
  return `answers in a form that Kubernetes does not use (${server}): ${firstLine(message)}`;
}

/** The Status object's message in an error response, whose body may also be text or a proxy's HTML page. */
function statusMessage({ body, code }: ApiException<unknown>): string {
  const message = (parsedBody(body) as { message?: unknown } | undefined)?.message;
  const text = typeof message === 'string' ? message : typeof body === 'string' && !body.includes('<') ? body : '';
  const reason = printable(text).replaceAll(/\s+/g, ' ').trim().slice(0, MAX_REASON_LENGTH);
  if (reason === '') return `HTTP status ${code}${code === 401 ? ': it rejects the login in the kubeconfig' : ''}`;
  return typeof message === 'string' ? reason : `${code} ${reason}`;
}

function parsedBody(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // text
  }
}

function firstLine(text: unknown): string {
  return printable(String(text).split('\n')[0] ?? '').slice(0, MAX_REASON_LENGTH);
}

/**
 * Waits until a call settles or the program is interrupted.
 * @throws the signal's reason if aborted; the call itself continues up to its own limit
 */
export async function unlessAborted<T>(signal: AbortSignal, call: Promise<T>): Promise<T> {
  call.catch(() => {}); // once aborted, nobody waits for it
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
