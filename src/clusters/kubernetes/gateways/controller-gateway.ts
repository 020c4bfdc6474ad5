/** The user's own gateway in one trial: told of the app by a route, waited for, and its log followed from then on. */
import { request } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../../errors.ts';
import type { GatewayTraffic } from '../../../gateways/attempts.ts';
import { InstalledLog } from '../../../gateways/installed/installed-log.ts';
import { delay, waitAtMost } from '../../../timers.ts';
import type { TrialClock } from '../../../trace/clock.ts';
import type { GatewayRecord, PodRef } from '../../../trace/cluster-record.ts';
import { within } from '../../condition.ts';
import { unreadable } from '../answer.ts';
import { apiError, type KubernetesApi, unlessAborted } from '../api.ts';
import { followLog } from '../follow-log.ts';
import { watchResource } from '../watches.ts';
import type { Controller } from './controller.ts';
import { hostOf } from './namespace-gateway.ts';
import { type Route, routeObject, routePath } from './route-objects.ts';
import { addressOf, createdAt, refusalOf } from './route-status.ts';

/** How long the controller may take to accept a route, to give it an address, and to pass on what pods answer. */
const ACCEPT_LIMIT_MS = 60_000;
const POLL_MS = 100;
/** Every pod of the app answers it. */
const ASKED = '/healthz';
/** A gateway may have several instances, which learn of a route one after the other. */
const ANSWERS_WANTED = 20;
const ANSWER_TIMEOUT_MS = 2000;
/** Its log is taken for complete after this much silence, or after this long in all, because it serves other apps too. */
const LAST_SILENCE_MS = 1000;
const LAST_LINES_MS = 3000;

export interface ControllerGatewayOptions {
  api: KubernetesApi;
  controller: Controller;
  route: Route;
  /** Where the load from this machine goes (--url); absent if it comes from within the cluster. */
  url?: string | undefined;
  clock: TrialClock;
  /** Ends every wait. */
  signal: AbortSignal;
  /** Aborting it ends the watch and the log. */
  watching: AbortSignal;
  podAt(address: string, atMs: number): PodRef | undefined;
  /** Called if its log can no longer be read. */
  onDeath(error: Error): void;
}

export class ControllerGateway {
  readonly #options: ControllerGatewayOptions;
  readonly #log = new InstalledLog();
  readonly #following: AbortSignal;
  readonly #stopFollowing = new AbortController();
  readonly #followed = new Map<string, Promise<void>>();
  readonly #gone = new Set<string>();
  #finishing = false;

  constructor(options: ControllerGatewayOptions) {
    this.#options = options;
    this.#following = AbortSignal.any([options.watching, this.#stopFollowing.signal]);
  }

  /**
   * @returns the URL to which the load goes
   * @throws EnvironmentError if it does not accept the route, has no address, or does not pass on what pods answer
   */
  async start(): Promise<string> {
    const { api, controller, route, signal, url } = this.#options;
    const object = routeObject(controller, route);
    await unlessAborted(signal, api.objects.create(object)).catch((error: unknown) => {
      signal.throwIfAborted();
      throw apiError(error, `create the ${object.kind} for the gateway`, api);
    });
    const asked = { api, path: routePath(object), limitMs: ACCEPT_LIMIT_MS, signal };
    if (controller.logs) await this.#followLogs(controller.logs.namespace, await createdAt(asked));
    if (controller.parent.kind === 'Gateway') {
      const refusal = await refusalOf(asked);
      if (refusal !== undefined) {
        throw this.#error(`does not accept an HTTPRoute of namespace ${route.namespace}: ${refusal}`);
      }
    }
    if (url !== undefined) {
      await this.#answers(url);
      return url;
    }
    const hint = 'name its Service with --gateway-service NAMESPACE/NAME, or its URL with --url';
    if (!controller.address && controller.parent.kind === 'Gateway') {
      throw this.#error(`has no address in its status: ${hint}`);
    }
    const { host, port } = controller.address ?? { host: await addressOf(asked), port: controller.port };
    if (host === undefined) {
      throw this.#error(`gave the Ingress no address within ${ACCEPT_LIMIT_MS / 1000} s: ${hint}`);
    }
    return `http://${host.includes(':') ? `[${host}]` : host}${port === 80 ? '' : `:${port}`}`;
  }

  get record(): GatewayRecord {
    const { name, version, title, logs } = this.#options.controller;
    const unread = logs ? !this.#log.sawRequests : true;
    return { name, version, controller: title, viewsAssumed: true, ...(unread && { logUnread: true }) };
  }

  /** Call once the last request has ended. */
  async traffic(): Promise<GatewayTraffic> {
    const { controller, clock, podAt } = this.#options;
    this.#finishing = true;
    await waitAtMost(LAST_LINES_MS, Promise.all(this.#followed.values()));
    this.#stopFollowing.abort();
    return {
      gateway: controller.name,
      unlogged: (this.#log.sawRequests && controller.kind?.unlogged) || 'unknown',
      requests: this.#log.requests(),
      fromEpochMs: (epochMs) => clock.fromEpochMs(epochMs),
      foreignClock: true,
      reached: (address, { atMs }) => ({ pod: podAt(hostOf(address), atMs) }),
    };
  }

  /**
   * Asks it from this machine until pods have answered several times in a row. From within the cluster, the load does so,
   * and TLS is the business of the load too.
   */
  async #answers(url: string): Promise<void> {
    if (!url.startsWith('http://')) return;
    const { signal, route } = this.#options;
    const leftMs = within(ACCEPT_LIMIT_MS);
    for (let answers = 0; answers < ANSWERS_WANTED; ) {
      const answer = await ask(`${url.replace(/\/$/, '')}${ASKED}`, route.host, signal);
      signal.throwIfAborted();
      answers = answer === 200 ? answers + 1 : 0;
      if (leftMs() <= 0) {
        const what = typeof answer === 'number' ? `status ${answer}` : answer;
        throw this.#error(`does not pass on what a pod answers, at ${url} with Host: ${route.host}: ${what}`);
      }
      await unlessAborted(signal, delay(POLL_MS));
    }
  }

  async #followLogs(namespace: string, since: string): Promise<void> {
    const { api, controller } = this.#options;
    const { logSelector: labelSelector = '' } = controller;
    const pods = {
      path: `/api/v1/namespaces/${namespace}/pods`,
      labelSelector,
      list: () => api.core.listNamespacedPod({ namespace, labelSelector }),
    };
    await watchResource<V1Pod>(api, pods, this.#following, {
      onChange: (pod) => this.#follow(pod, since),
      onDelete: ({ metadata }) => void this.#gone.add(metadata?.uid ?? ''),
      onGap: () => {},
      onError: (error) => this.#fail(unreadable(error)),
    });
  }

  #follow({ metadata, status }: V1Pod, since: string): void {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    for (const container of status?.containerStatuses ?? []) {
      const key = `${uid}/${container.name}`;
      if (!container.state?.running || this.#followed.has(key)) continue;
      const source = {
        namespace,
        pod: name,
        container: container.name,
        since,
        maxSilenceMs: () => (this.#finishing ? LAST_SILENCE_MS : undefined),
      };
      const over = () => this.#finishing || this.#gone.has(uid);
      const read = (line: string) => this.#log.read(line);
      const followed = followLog(this.#options.api, source, read, this.#following, over);
      followed.catch((error: unknown) => this.#fail(error as Error));
      this.#followed.set(key, followed);
    }
  }

  #fail(error: Error): void {
    if (!this.#following.aborted) this.#options.onDeath(error);
  }

  #error(problem: string): EnvironmentError {
    return new EnvironmentError(`the gateway ${this.#options.controller.title}: ${problem}`);
  }
}

/** @returns the status, or why there was none */
function ask(url: string, host: string, signal: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { headers: { host, connection: 'close' }, agent: false, signal, timeout: ANSWER_TIMEOUT_MS };
    const asked = request(url, options, (response) => {
      response.resume().on('error', () => {}); // the status is enough
      resolve(response.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}
