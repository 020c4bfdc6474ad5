/** The user's own gateway in one trial: told of the app by a route, waited for, and its log followed from then on. */
import { request } from 'node:http';
import { EnvironmentError } from '../../../errors.ts';
import type { GatewayTraffic } from '../../../gateways/attempts.ts';
import { delay } from '../../../timers.ts';
import type { GatewayRecord } from '../../../trace/cluster-record.ts';
import { within } from '../../condition.ts';
import { apiError, unlessAborted } from '../api.ts';
import type { Controller } from './controller.ts';
import { ControllerLog } from './controller-log.ts';
import { type Route, routeObject, routePath } from './route-objects.ts';
import { addressOf, refusalOf } from './route-status.ts';
import type { TrialGatewayOptions } from './trial-gateway.ts';

/** How long the controller may take to accept a route, to give it an address, and to pass on what pods answer. */
const ACCEPT_LIMIT_MS = 60_000;
const POLL_MS = 100;
/** Every pod of the app answers it. */
const ASKED = '/healthz';
/** A gateway may have several instances, which learn of a route one after the other. */
const ANSWERS_WANTED = 20;
const ANSWER_TIMEOUT_MS = 2000;

export interface ControllerGatewayOptions extends TrialGatewayOptions {
  controller: Controller;
  route: Route;
  /** Where the load from this machine goes (--url); absent if it comes from within the cluster. */
  url?: string | undefined;
}

export class ControllerGateway {
  readonly #options: ControllerGatewayOptions;
  readonly #log: ControllerLog;

  constructor(options: ControllerGatewayOptions) {
    this.#options = options;
    const { controller } = options;
    const { name: gateway, kind, logWriter: writer } = controller;
    this.#log = new ControllerLog({ ...options, gateway, writer, unlogged: kind?.unlogged ?? 'unknown' });
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
    await this.#log.start();
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
    const { name, version, title } = this.#options.controller;
    return { name, version, controller: title, viewsAssumed: true, ...(this.#log.isUnread && { logUnread: true }) };
  }

  /** Call once the last request has ended. */
  traffic(): Promise<GatewayTraffic> {
    return this.#log.traffic();
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
