/** The access log of the user's own gateway during one trial: followed in every pod that writes it. */
import type { V1Pod } from '@kubernetes/client-node';
import type { GatewayTraffic } from '../../../gateways/attempts.ts';
import { InstalledLog } from '../../../gateways/installed/installed-log.ts';
import { waitAtMost } from '../../../timers.ts';
import { unreadable } from '../answer.ts';
import { followLog } from '../follow-log.ts';
import { watchResource } from '../watches.ts';
import { hostOf, type TrialGatewayOptions } from './trial-gateway.ts';

/** Lines about requests of the load are known by their ids and times, so a few seconds of earlier lines do no harm. */
const SINCE_SECONDS = 10;
/** Some formats log the whole second in which a request ended. */
const LOGGED_TIME_MS = 1000;
/** The log is taken for complete after this much silence, or after this long in all, because it serves other apps too. */
const LAST_SILENCE_MS = 1000;
const LAST_LINES_MS = 3000;

/** The workload that writes the log. */
export interface LogWriter {
  namespace: string;
  /** The label selector of its pods. */
  selector: string;
}

export interface ControllerLogOptions extends Omit<TrialGatewayOptions, 'signal'> {
  /** Undefined: no log is read. */
  writer: LogWriter | undefined;
  /** As in attempts. */
  gateway: string;
  /** What it means that the log, which names other requests of the load, lacks one. */
  unlogged: GatewayTraffic['unlogged'];
}

export class ControllerLog {
  readonly #options: ControllerLogOptions;
  readonly #log: InstalledLog;
  readonly #following: AbortSignal;
  readonly #stopFollowing = new AbortController();
  readonly #followed = new Map<string, Promise<void>>();
  readonly #gone = new Set<string>();
  #finishing = false;

  constructor(options: ControllerLogOptions) {
    this.#options = options;
    const { clock } = options;
    this.#log = new InstalledLog(({ endedEpochMs }) => clock.fromEpochMs(endedEpochMs) >= -LOGGED_TIME_MS);
    this.#following = AbortSignal.any([options.watching, this.#stopFollowing.signal]);
  }

  /** No line has been about a request of the load. */
  get isUnread(): boolean {
    return !this.#log.sawRequests;
  }

  /** @throws EnvironmentError if the pods that write it cannot be listed */
  async start(): Promise<void> {
    const { api, writer } = this.#options;
    if (!writer) return;
    const { namespace, selector: labelSelector } = writer;
    const pods = {
      path: `/api/v1/namespaces/${namespace}/pods`,
      labelSelector,
      list: () => api.core.listNamespacedPod({ namespace, labelSelector }),
    };
    await watchResource<V1Pod>(api, pods, this.#following, {
      onChange: (pod) => this.#follow(pod),
      onDelete: ({ metadata }) => void this.#gone.add(metadata?.uid ?? ''),
      onGap: () => {},
      onError: (error) => this.#fail(unreadable(error)),
    });
  }

  /** Call once the last request has ended. */
  async traffic(): Promise<GatewayTraffic> {
    const { gateway, unlogged, clock, podAt } = this.#options;
    this.#finishing = true;
    await waitAtMost(LAST_LINES_MS, Promise.all(this.#followed.values()));
    this.#stopFollowing.abort();
    return {
      gateway,
      unlogged: this.isUnread ? 'unknown' : unlogged,
      requests: this.#log.requests(),
      fromEpochMs: (epochMs) => clock.fromEpochMs(epochMs),
      foreignClock: true,
      reached: (address, { startedMs }) => ({ pod: podAt(hostOf(address), startedMs) }),
    };
  }

  #follow({ metadata, status }: V1Pod): void {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    for (const container of status?.containerStatuses ?? []) {
      const key = `${uid}/${container.name}`;
      if (!container.state?.running || this.#followed.has(key)) continue;
      const source = {
        namespace,
        pod: name,
        container: container.name,
        sinceSeconds: SINCE_SECONDS,
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
}
