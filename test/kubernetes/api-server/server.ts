/**
 * An API server for tests: a real HTTP server on loopback with a store of objects, lists, watches, patches, logs, pod
 * proxies and permissions, and with the faults that a test sets. It has no controllers; see deployments.ts for a
 * rollout.
 */
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { KubernetesApi } from '../../../src/clusters/kubernetes/api.ts';
import { holdPort } from '../../../src/processes/ports.ts';
import { within } from '../../app/within.ts';
import { configFor } from '../api-server.ts';
import { type Fault, Faults, refuse, statusObject } from './faults.ts';
import { PodLog } from './logs.ts';
import { apiVersionOf, type Place, placeOf, RESOURCES } from './resources.ts';
import { ObjectStore, type StoredObject, type WrittenObject, wholeSeconds } from './store.ts';
import { WatchStreams } from './watch-streams.ts';

const LIMIT_MS = 10_000;

export interface SeenRequest {
  method: string;
  /** With its query. */
  url: string;
  body: string;
}

/** How a pod responds through the API server's proxy. */
export interface ProxyAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

interface Reply {
  code: number;
  body: unknown;
}

/** The question of a SelfSubjectAccessReview. */
export interface Access {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
}

export class ApiServer extends EventEmitter<{ step: [] }> {
  readonly store = new ObjectStore();
  readonly watches = new WatchStreams(this.store);
  readonly faults = new Faults();
  readonly seen: SeenRequest[] = [];
  readonly #logs = new Map<string, PodLog>();
  /** How pods respond through the proxy; undefined: the pod is unreachable. */
  proxy: (pod: string, port: string, path: string) => ProxyAnswer | undefined = () => undefined;
  /** Called when a client has deleted or evicted a single pod. */
  onPodDeleted: (namespace: string, name: string) => void = () => {};
  allows: (access: Access) => boolean = () => true;
  version = { major: '1', minor: '34', gitVersion: 'v1.34.4' };
  /** A deleted namespace remains until this is false. */
  namespacesStay = false;
  /** Whether a namespace gets its default service account. */
  servesAccounts = true;

  constructor() {
    super();
    this.setMaxListeners(0);
    this.store.setMaxListeners(0);
    this.store.on('change', () => this.emit('step'));
  }

  /** The log of a pod; before it exists, the pod's container has not started. */
  log(namespace: string, pod: string): PodLog {
    const key = `${namespace}/${pod}`;
    const log = this.#logs.get(key) ?? new PodLog();
    this.#logs.set(key, log);
    return log;
  }

  fault(fault: Fault): void {
    this.faults.add(fault);
  }

  /** Resolves once the condition holds. Checks it at every request and every change of an object. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const holds = new Promise<void>((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.off('step', look);
        resolve();
      };
      this.on('step', look);
      look();
    });
    await within(LIMIT_MS, what, holds);
  }

  /** Resolves once this many requests with such a path have been made. */
  requested(path: RegExp, count = 1, method?: string): Promise<void> {
    return this.until(`${count} requests to ${path}`, () => this.requests(path, method).length >= count);
  }

  requests(path: RegExp, method?: string): SeenRequest[] {
    return this.seen.filter((request) => path.test(request.url) && (method ?? request.method) === request.method);
  }

  /** Resolves once these collections are watched: ["pods", "events"]. */
  watched(...plurals: string[]): Promise<void> {
    return this.until(`watches of ${plurals}`, () => String(this.watches.resources) === String(plurals.sort()));
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const seen = { method, url, body: await text(request) };
    this.seen.push(seen);
    response.on('close', () => setImmediate(() => this.emit('step'))); // after the streams have handled it
    this.emit('step');
    if (!(await this.faults.strike(request, response))) this.#serve(seen, response);
    this.emit('step');
  }

  #serve(seen: SeenRequest, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(seen.url, 'http://localhost');
    const place = placeOf(pathname);
    const reads = seen.method === 'GET';
    if (place?.rest[0] === 'log') this.#log(place, searchParams, response);
    else if (place?.rest[0] === 'proxy') this.#proxy(place, response);
    else if (place && reads && searchParams.get('watch') === 'true') this.#watch(place, searchParams, response);
    else {
      const { code, body } = place ? this.#onObjects(place, seen, searchParams) : this.#elsewhere(pathname, seen);
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
  }

  #elsewhere(path: string, { body }: SeenRequest): Reply {
    if (path === '/version') return { code: 200, body: this.version };
    if (path.endsWith('/selfsubjectaccessreviews')) {
      const review = JSON.parse(body) as { spec: { resourceAttributes: Access } };
      return { code: 201, body: { ...review, status: { allowed: this.allows(review.spec.resourceAttributes) } } };
    }
    const resources = discovered(path);
    const missing = statusObject(404, 'the server could not find the requested resource');
    return resources.length > 0
      ? { code: 200, body: { kind: 'APIResourceList', resources } }
      : { code: 404, body: missing };
  }

  #onObjects(place: Place, { method, body }: SeenRequest, query: URLSearchParams): Reply {
    const { resource, namespace, name } = place;
    if (method === 'POST' && place.rest[0] === 'eviction') return this.#evict(place);
    if (method === 'POST') return { code: 201, body: this.#create(JSON.parse(body), place) };
    if (name === '' && method === 'GET') return { code: 200, body: this.#list(place, query) };
    if (name === '' && method === 'DELETE') {
      for (const object of this.store.list(resource, namespace)) this.#remove(object);
      return { code: 200, body: { kind: 'Status', status: 'Success' } };
    }
    const found = this.store.get(resource, namespace, name);
    const applies = query.has('fieldManager') && query.has('force');
    if (method === 'PATCH' && (found || applies)) {
      return { code: found ? 200 : 201, body: this.store.patch(resource, namespace, name, JSON.parse(body)) };
    }
    if (!found) return { code: 404, body: statusObject(404, `${resource.plural} "${name}" not found`) };
    if (method === 'DELETE') this.#deleteOne(found);
    return { code: 200, body: found };
  }

  #create(written: WrittenObject, { resource, namespace }: Place): StoredObject {
    const metadata = { ...written.metadata, ...(namespace === '' ? {} : { namespace }) };
    const created = this.store.put({ ...written, kind: resource.kind, metadata });
    if (resource.kind === 'Namespace' && this.servesAccounts) {
      this.store.put({ kind: 'ServiceAccount', metadata: { name: 'default', namespace: created.metadata.name } });
    }
    return created;
  }

  #deleteOne(object: StoredObject): void {
    this.#remove(object);
    const { kind, metadata } = object;
    if (kind === 'Pod') this.onPodDeleted(metadata.namespace ?? '', metadata.name);
  }

  #evict({ resource, namespace, name }: Place): Reply {
    const pod = this.store.get(resource, namespace, name);
    if (!pod) return { code: 404, body: statusObject(404, `pods "${name}" not found`) };
    this.#deleteOne(pod);
    return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } };
  }

  /** Deletes objects: namespaces with their content, pods after their grace period, everything else immediately. */
  #remove({ kind, metadata: { name, namespace = '' } }: StoredObject): void {
    if (kind !== 'Namespace') {
      this.store.remove(kind, namespace, name);
      return;
    }
    for (const resource of RESOURCES.filter(({ namespaced }) => namespaced)) {
      for (const object of this.store.list(resource, name)) this.#remove(object);
    }
    if (this.namespacesStay) this.store.change(kind, '', name, { metadata: { deletionTimestamp: wholeSeconds() } });
    else this.store.remove(kind, '', name);
  }

  #list({ resource, namespace }: Place, query: URLSearchParams): object {
    const selector = query.get('labelSelector');
    const all = this.store.list(resource, namespace).filter((object) => isSelected(object, selector));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? 0) || all.length;
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion: String(this.store.version), ...more },
      items: all.slice(from, from + limit).map(({ apiVersion: _, kind: __, ...item }) => item),
    };
  }

  #watch({ resource, namespace }: Place, query: URLSearchParams, response: ServerResponse): void {
    const bookmarks = query.get('allowWatchBookmarks') === 'true';
    const selects = (object: StoredObject) => isSelected(object, query.get('labelSelector'));
    const version = Number(query.get('resourceVersion') ?? 0);
    this.watches.open({ resource, namespace, response, bookmarks, selects }, version);
  }

  #log({ resource, namespace, name }: Place, query: URLSearchParams, response: ServerResponse): void {
    const log = this.#logs.get(`${namespace}/${name}`);
    if (!this.store.get(resource, namespace, name)) refuse(404, `pods "${name}" not found`)(response);
    else if (!log) refuse(400, 'container is waiting to start: ContainerCreating')(response);
    else log.serve(query, response);
  }

  #proxy({ resource, namespace, name, rest }: Place, response: ServerResponse): void {
    const [pod = '', port = ''] = name.split(':');
    const answer = this.store.get(resource, namespace, pod) && this.proxy(pod, port, `/${rest.slice(1).join('/')}`);
    if (answer) response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body ?? '');
    else refuse(503, 'error trying to reach service: dial tcp: connection refused')(response);
  }
}

function discovered(path: string): object[] {
  return RESOURCES.filter((resource) => {
    const apiVersion = apiVersionOf(resource);
    return path === (resource.group === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`);
  }).map(({ plural, kind, namespaced }) => ({ name: plural, singularName: '', kind, namespaced, verbs: [] }));
}

/** Supports only equality: "a=b,c=d". */
function isSelected({ metadata: { labels = {} } }: StoredObject, selector: string | null): boolean {
  return (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((part) => {
      const [name = '', value] = part.split('=');
      return labels[name] === value;
    });
}

/** Starts a server that runs until the test ends. Concurrent tests in one process each have their own. */
export async function startApiServer(t: TestContext): Promise<{ server: ApiServer; api: KubernetesApi; url: string }> {
  const server = new ApiServer();
  const { port, release } = await holdPort();
  const http = createServer((request, response) => {
    server.answer(request, response).catch((error: unknown) => {
      // The client closed the connection before it had sent the whole request.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    });
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  t.after(async () => {
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
    release();
  });
  const url = `http://127.0.0.1:${port}`;
  return { server, api: connectTo(url), url };
}

/** Connects with a kubeconfig that exists only while it is read. */
function connectTo(url: string): KubernetesApi {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  const file = join(folder, 'config');
  writeFileSync(file, configFor(url));
  const { KUBECONFIG } = process.env;
  process.env.KUBECONFIG = file;
  try {
    return KubernetesApi.connect();
  } finally {
    if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = KUBECONFIG;
    rmSync(folder, { recursive: true });
  }
}
