/**
 * Records what happens on the cluster while a test runs, and prints it if the test fails. By then the program has
 * deleted its namespaces, with their pods, events and logs.
 */
import { freemem, loadavg } from 'node:os';
import { text } from 'node:stream/consumers';
import { after, before, type TestContext, test } from 'node:test';
import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import type { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { podsInSlices } from '../src/clusters/kubernetes/endpoint-view.ts';
import { followLog } from '../src/clusters/kubernetes/follow-log.ts';
import { isReady } from '../src/clusters/kubernetes/pod-timeline.ts';
import { watchResource } from '../src/clusters/kubernetes/watches.ts';
import { LOAD_NAME } from '../src/load/k6/job-objects.ts';

const MOST_LINES = 1500;

export interface Witnessed {
  /** Like that of node:test. */
  test(name: string, body: (t: TestContext) => Promise<void>): void;
  /** Runs the body, and prints what happened on the cluster if it fails. */
  explained(name: string, body: () => Promise<void>): Promise<void>;
}

/** A witness for the tests of a file. */
export function witnessed(api: KubernetesApi): Witnessed {
  const witness = new Witness(api);
  before(() => witness.start());
  after(() => witness.stop());
  const explained = async (name: string, body: () => Promise<void>) => {
    witness.note('test', name, 'begins');
    try {
      await body();
    } catch (error) {
      console.error(`\n===== ${name}: what happened on the cluster =====\n${await witness.report()}\n=====\n`);
      throw error;
    }
  };
  return { explained, test: (name, body) => void test(name, (t) => explained(name, () => body(t))) };
}

class Witness {
  readonly #api: KubernetesApi;
  readonly #lines: string[] = [];
  readonly #pods = new Map<string, string>();
  readonly #ending = new AbortController();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async start(): Promise<void> {
    const { core, discovery } = this.#api;
    await this.#watch<V1Pod>(
      '/api/v1/pods',
      () => core.listPodForAllNamespaces(),
      (pod, gone) => this.#onPod(pod, gone),
    );
    await this.#watch<V1EndpointSlice>(
      '/apis/discovery.k8s.io/v1/endpointslices',
      () => discovery.listEndpointSliceForAllNamespaces(),
      (slice, gone) => {
        const pods = podsInSlices([slice]).length;
        this.note('endpoints', nameOf(slice), gone ? 'deleted' : `${pods} usable of ${slice.endpoints?.length ?? 0}`);
      },
    );
    await this.#watch<CoreV1Event>(
      '/api/v1/events',
      () => core.listEventForAllNamespaces(),
      (event, gone) => {
        const { kind, name, namespace } = event.involvedObject;
        if (!gone)
          this.note('event', `${namespace}/${kind}/${name}`, `${event.type} ${event.reason}: ${event.message}`);
      },
    );
  }

  stop(): void {
    this.#ending.abort();
  }

  note(kind: string, about: string, what: string): void {
    this.#lines.push(`${new Date().toISOString().slice(11, 23)} ${kind.padEnd(9)} ${about}: ${what.trim()}`);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
  }

  /** What happened since the test began, and the current state of nodes, components and this machine. */
  async report(): Promise<string> {
    const begin = this.#lines.findLastIndex((line) => /^\S+ test /.test(line));
    const machine = `load ${loadavg().map((load) => load.toFixed(1))}, ${Math.round(freemem() / 2 ** 20)} MiB free`;
    return [...this.#lines.slice(Math.max(0, begin)), await this.#components(), `this machine: ${machine}`].join('\n');
  }

  async #components(): Promise<string> {
    try {
      const { items } = await this.#api.core.listNode();
      const nodes = items.map(({ metadata, status }) => {
        const conditions = status?.conditions?.map(({ type, status }) => `${type}=${status}`);
        return `node ${metadata?.name}: ${conditions?.join(' ')}`;
      });
      const response = await this.#api.get('/readyz', { verbose: '' }, this.#ending.signal);
      const checks = (await text(response)).split('\n').filter((line) => !line.endsWith(' ok'));
      return [...nodes, `API server: ${checks.join('; ')}`].join('\n');
    } catch (error) {
      return `the API server does not answer: ${error}`;
    }
  }

  #watch<T extends object>(path: string, list: () => Promise<unknown>, told: (object: T, gone: boolean) => void) {
    return watchResource<T>(this.#api, { path, list: list as never }, this.#ending.signal, {
      onChange: (object) => told(object, false),
      onDelete: (object) => told(object, true),
      onGap: (error) => this.note('watch', path, `interrupted: ${error}`),
      onError: (error) => this.note('watch', path, `ended: ${error}`),
    });
  }

  #onPod(pod: V1Pod, gone: boolean): void {
    const name = nameOf(pod);
    const before = this.#pods.get(name);
    const now = gone ? 'gone' : stateOf(pod);
    if (before === now) return;
    this.#pods.set(name, now);
    this.note('pod', name, now);
    if (before === undefined) this.#follow(pod);
  }

  /**
   * Follows a pod's log. Of a load pod it keeps only k6's own lines, because the script prints a line for each request.
   */
  #follow({ metadata, spec }: V1Pod): void {
    const { name = '', namespace = '' } = metadata ?? {};
    const source = { namespace, pod: name, container: spec?.containers[0]?.name ?? '' };
    const isLoad = name.startsWith(LOAD_NAME);
    const say = (line: string) => {
      if (!isLoad || !line.startsWith('{')) this.note('log', `${namespace}/${name}`, line.slice(0, 400));
    };
    const over = () => this.#pods.get(`${namespace}/${name}`) === 'gone';
    followLog(this.#api, source, say, this.#ending.signal, over).catch((error: unknown) => {
      this.note('log', `${namespace}/${name}`, `ended: ${error}`);
    });
  }
}

function nameOf({ metadata }: V1Pod | V1EndpointSlice): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

function stateOf(pod: V1Pod): string {
  const { metadata, spec, status } = pod;
  const containers = status?.containerStatuses?.map(({ name, state, restartCount, lastState }) => {
    const { waiting, terminated } = state ?? {};
    const how =
      waiting?.reason ?? (terminated && `exit ${terminated.exitCode} ${terminated.reason ?? ''}`) ?? 'running';
    const last = lastState?.terminated ? `, before: exit ${lastState.terminated.exitCode}` : '';
    return `${name} ${how.trim()}, ${restartCount} restarts${last}`;
  });
  return [
    status?.phase ?? 'no phase',
    ...(status?.reason ? [`${status.reason}: ${status.message}`] : []),
    isReady(pod) ? 'ready' : 'not ready',
    ...(metadata?.deletionTimestamp ? ['terminating'] : []),
    `on ${spec?.nodeName ?? 'no node'}`,
    ...(containers ?? []),
  ].join('; ');
}
