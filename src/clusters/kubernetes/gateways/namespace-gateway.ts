/** A gateway in the namespace of a trial: created, waited for, and its log followed from the beginning to the end. */
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../../errors.ts';
import type { GatewayTraffic } from '../../../gateways/attempts.ts';
import type { ClusterGateway } from '../../../gateways/way.ts';
import { delay, waitAtMost } from '../../../timers.ts';
import type { GatewayRecord } from '../../../trace/cluster-record.ts';
import { Conditions, within } from '../../condition.ts';
import { unreadable } from '../answer.ts';
import { apiError, unlessAborted } from '../api.ts';
import { followLog, lastLine } from '../follow-log.ts';
import { isReady } from '../pod-timeline.ts';
import { isConnectionError } from '../response-lines.ts';
import { creationTrouble, podTrouble, schedulingTrouble, unreadiness } from '../trouble.ts';
import { watchResource } from '../watches.ts';
import { GATEWAY_CONTAINER, GATEWAY_NAME, GATEWAY_PORT, type GatewayPlacement, gatewayObjects } from './objects.ts';
import { hostOf, type TrialGatewayOptions } from './trial-gateway.ts';

/** Covers scheduling, the image pull and the start. */
const START_LIMIT_MS = 240_000;
/** How long a gateway that accepts connections may take to answer with what a pod answered. */
const ANSWER_LIMIT_MS = 60_000;
const POLL_MS = 250;
/** Every pod of the app answers it. */
const ASKED = '/healthz';
/**
 * The log is taken for complete after this much silence, or after this long in all: k6 goes on until the namespace is
 * deleted, and some gateways log every request.
 */
const LAST_SILENCE_MS = 1000;
const LAST_LINES_MS = 3000;

export interface NamespaceGatewayOptions extends TrialGatewayOptions {
  placement: GatewayPlacement;
}

export class NamespaceGateway {
  readonly #options: NamespaceGatewayOptions;
  readonly #gateway: ClusterGateway;
  readonly #log;
  readonly #conditions = new Conditions();
  #pod: V1Pod | undefined;
  #serves = false;
  #finishing = false;
  #followed: Promise<void> | undefined;

  constructor(options: NamespaceGatewayOptions) {
    this.#options = options;
    this.#gateway = options.placement.gateway;
    const { kind } = this.#gateway;
    this.#log = kind.inCluster.newLog?.(this.#gateway) ?? kind.newLog();
  }

  /** @throws EnvironmentError if it cannot be created, does not start, or does not answer */
  async start(): Promise<void> {
    const { api, placement, signal } = this.#options;
    for (const object of gatewayObjects(placement)) {
      await unlessAborted(signal, api.objects.create(object)).catch((error: unknown) => {
        signal.throwIfAborted();
        throw apiError(error, `create the ${object.kind} of the gateway`, api);
      });
    }
    await this.#watch();
    await this.#conditions.until(() => this.#pod !== undefined && isReady(this.#pod), {
      signal,
      leftMs: within(START_LIMIT_MS),
      stuck: () => this.#error(`is not ready after ${START_LIMIT_MS / 1000} s${this.#whyNot}`),
    });
    await this.#answers();
    this.#serves = true;
  }

  get record(): GatewayRecord {
    const { kind, version, upstream, retries, fragment } = this.#gateway;
    return {
      name: kind.name,
      version,
      upstream,
      ...(retries !== undefined && { retries }),
      ...(fragment !== undefined && { ownSettings: true }),
      ...(upstream === 'pods' && { viewsAssumed: true }),
    };
  }

  /** Call once the last request has ended. */
  async traffic(): Promise<GatewayTraffic> {
    const { clock, podAt } = this.#options;
    const { kind, upstream } = this.#gateway;
    this.#finishing = true;
    await waitAtMost(LAST_LINES_MS, this.#followed);
    return {
      gateway: kind.name,
      unlogged: kind.unlogged,
      requests: this.#log.requests(),
      fromEpochMs: (epochMs) => clock.fromEpochMs(epochMs),
      foreignClock: true,
      ...(upstream === 'service' && { routersUnseen: true }),
      reached: (address, { startedMs }) =>
        upstream === 'service' ? undefined : { pod: podAt(hostOf(address), startedMs) },
    };
  }

  async #watch(): Promise<void> {
    const { api, placement, watching } = this.#options;
    const { namespace } = placement;
    const core = `/api/v1/namespaces/${namespace}`;
    const labelSelector = `app.kubernetes.io/name=${GATEWAY_NAME}`;
    const onGap = () => {};
    const onError = (error: unknown) => this.#fail(unreadable(error));
    const pods = {
      path: `${core}/pods`,
      labelSelector,
      list: () => api.core.listNamespacedPod({ namespace, labelSelector }),
    };
    await watchResource<V1Pod>(api, pods, watching, {
      onChange: (pod) => this.#onPod(pod),
      onDelete: () => this.#fail(this.#error('was deleted')),
      onGap,
      onError,
    });
    const events = { path: `${core}/events`, list: () => api.core.listNamespacedEvent({ namespace }) };
    await watchResource<CoreV1Event>(api, events, watching, {
      onChange: (event) => {
        if (!event.involvedObject?.name?.startsWith(GATEWAY_NAME)) return;
        const trouble = creationTrouble(event);
        if (trouble) this.#fail(this.#error(trouble));
      },
      onDelete: () => {},
      onGap,
      onError,
    });
  }

  #onPod(pod: V1Pod): void {
    if (this.#options.watching.aborted) return;
    if (this.#pod && this.#pod.metadata?.uid !== pod.metadata?.uid) return;
    this.#pod = pod;
    const status = pod.status?.containerStatuses?.find(({ name }) => name === GATEWAY_CONTAINER);
    if (status?.state?.running && !this.#followed) this.#follow(pod.metadata?.name ?? '');
    const trouble = podTrouble([pod]);
    if (trouble) void this.#failWithLastLine(trouble);
    else if (this.#serves && (status?.restartCount ?? 0) > 0) this.#fail(this.#error('ended and was started again'));
    this.#conditions.wake();
  }

  #follow(pod: string): void {
    const { api, placement, watching } = this.#options;
    const source = {
      namespace: placement.namespace,
      pod,
      container: GATEWAY_CONTAINER,
      maxSilenceMs: () => (this.#finishing ? LAST_SILENCE_MS : undefined),
    };
    const followed = followLog(
      api,
      source,
      (line) => this.#log.read(line),
      watching,
      () => this.#finishing,
    );
    this.#followed = followed;
    followed.catch((error: unknown) => this.#fail(error as Error));
  }

  /** Asks it until a pod has answered. */
  async #answers(): Promise<void> {
    const { api, placement, signal } = this.#options;
    const path = `/api/v1/namespaces/${placement.namespace}/pods/${this.#pod?.metadata?.name}:${GATEWAY_PORT}/proxy${ASKED}`;
    const leftMs = within(ANSWER_LIMIT_MS);
    for (;;) {
      const answer = await api.getText(path, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!isConnectionError(error)) throw error;
        return { status: 0, body: (error as Error).message };
      });
      if (answer.status === 200) return;
      if (leftMs() <= 0) {
        const what = answer.status === 0 ? answer.body : `status ${answer.status}`;
        throw this.#error(`does not pass on what a pod answers: ${what}`);
      }
      await unlessAborted(signal, delay(POLL_MS));
    }
  }

  get #whyNot(): string {
    if (!this.#pod) return '; no pod was created';
    return `; ${schedulingTrouble([this.#pod]) ?? unreadiness(this.#pod)}`;
  }

  async #failWithLastLine(trouble: string): Promise<void> {
    const { api, placement, watching } = this.#options;
    const source = {
      namespace: placement.namespace,
      pod: this.#pod?.metadata?.name ?? '',
      container: GATEWAY_CONTAINER,
    };
    const last = await lastLine(api, source, watching).catch(() => undefined);
    this.#fail(this.#error(`${trouble}${last === undefined ? '' : `; its last line: ${last}`}`));
  }

  #fail(error: Error): void {
    if (this.#options.watching.aborted) return;
    this.#conditions.fail(error);
    this.#options.onDeath(error);
  }

  #error(problem: string): EnvironmentError {
    return new EnvironmentError(`the gateway (${this.#gateway.kind.title}): ${problem}`);
  }
}
