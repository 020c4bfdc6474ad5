/**
 * A gateway before the pods of the local cluster: a real process, told of the endpoints as its controller would be. The
 * controller watches the EndpointSlices, so it learns of a change when kube-proxy does; its own delay comes on top.
 */
import type { AttemptRef, GatewayTraffic, Reached } from '../../gateways/attempts.ts';
import type { Upstream } from '../../gateways/gateway.ts';
import { GatewayProcess } from '../../gateways/running-gateway.ts';
import type { InstalledGateway } from '../../gateways/way.ts';
import type { Random } from '../../random.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { GatewayRecord, PodRef, RouterView } from '../../trace/cluster-record.ts';
import { type EndpointState, Router } from './router.ts';
import type { ServiceProxy } from './service-proxy.ts';
import type { Timings } from './timings.ts';

export interface LocalGatewayOptions {
  gateway: InstalledGateway;
  clock: TrialClock;
  timings: Timings;
  random: Random;
  host: string;
  port: number;
  adminPort: number;
  /** The Service's address, for a gateway that sends there. */
  service: Upstream;
  proxy: Pick<ServiceProxy, 'proxiedRequest' | 'refusedLate'>;
  /** Called after it has begun to use other endpoints. */
  onView(): void;
  onError(error: Error): void;
}

export class LocalGateway {
  /** What it knew, in the order in which it learned. */
  readonly views: RouterView[] = [];
  readonly #options: LocalGatewayOptions;
  readonly #router: Router;
  /** The pod of each address that it was told of. Each pod has a port of its own. */
  readonly #podAt = new Map<string, PodRef>();
  #process: GatewayProcess | undefined;
  /** The endpoints that it uses. */
  #inEffect: readonly EndpointState[] = [];
  /** What it is to use next; undefined if nothing has changed since. */
  #next: readonly EndpointState[] | undefined;
  #applying = false;

  constructor(options: LocalGatewayOptions) {
    this.#options = options;
    const { gateway, clock, timings, random } = options;
    const { controller, name } = gateway.kind;
    this.#router = new Router(
      name,
      clock,
      random,
      {
        endpointSliceMs: timings.endpointSliceMs,
        syncMs: [0],
        minSyncPeriodMs: controller.minPeriodMs,
        choose: controller.choose,
      },
      ({ view }) => this.#onView(view),
    );
  }

  async start(): Promise<void> {
    const { gateway, host, port, adminPort, service, onError } = this.#options;
    this.#process = await GatewayProcess.start(
      { ...gateway, host, port, adminPort, onDeath: onError },
      this.#toService ? [service] : [],
    );
  }

  get url(): string {
    return `http://${this.#options.host}:${this.#options.port}`;
  }

  get record(): GatewayRecord {
    const { kind, version, upstream, retries, fragment } = this.#options.gateway;
    return {
      name: kind.name,
      version,
      upstream,
      ...(retries !== undefined && { retries }),
      ...(fragment !== undefined && { ownSettings: true }),
    };
  }

  /** Call when the endpoints have changed. It learns of that later. */
  update(endpoints: readonly EndpointState[], gapMs: number): void {
    if (!this.#toService) this.#router.update(endpoints, gapMs);
  }

  /** Whether it uses exactly these pods. */
  knows(pods: readonly string[]): boolean {
    const used = this.#inEffect;
    return this.#toService || (used.length === pods.length && used.every(({ pod }) => pods.includes(pod.uid)));
  }

  /** Call once the last request has ended. Stops the gateway, so that its log is complete. */
  async traffic(): Promise<GatewayTraffic> {
    const { gateway, clock } = this.#options;
    await this.stop();
    return {
      gateway: gateway.kind.name,
      unlogged: gateway.kind.unlogged,
      requests: this.#process?.requests() ?? [],
      fromEpochMs: (epochMs) => clock.fromEpochMs(epochMs),
      ...(this.#toService && { routersUnseen: true }),
      reached: (address, request) => (this.#toService ? this.#behindService(request) : this.#podOf(address)),
    };
  }

  async stop(): Promise<void> {
    this.#router.stop();
    await this.#process?.stop();
  }

  get #toService(): boolean {
    return this.#options.gateway.upstream === 'service';
  }

  #podOf(address: string): Reached {
    return { pod: this.#podAt.get(address) };
  }

  /** Attempts at connections that were refused come before others, and the proxy has not seen them. */
  #behindService({ id, nthLast, startedMs, endedMs }: AttemptRef): Reached | undefined {
    const { proxy } = this.#options;
    const seen = proxy.proxiedRequest(id, nthLast);
    if (!seen && proxy.refusedLate(startedMs, endedMs)) return { connectError: 'ECONNREFUSED', connection: 'fresh' };
    if (!seen) return undefined;
    const { router, ...reached } = seen;
    return { ...reached, via: router };
  }

  #onView(view: readonly EndpointState[]): void {
    for (const { host, port, pod } of view) this.#podAt.set(`${host}:${port}`, pod);
    this.#next = view;
    if (!this.#applying) this.#apply().catch(this.#options.onError);
  }

  /** Brings changes into effect one after the other; those that come meanwhile are one. */
  async #apply(): Promise<void> {
    const { gateway, clock, onView } = this.#options;
    this.#applying = true;
    for (let view = this.#next; view; view = this.#next) {
      this.#next = undefined;
      if (sameUpstreams(view, this.#inEffect)) continue;
      await this.#process?.apply(view);
      this.#inEffect = view;
      const pods = view.map(({ pod }) => pod.uid);
      this.views.push({ router: gateway.kind.name, atMs: clock.nowMs(), pods });
      onView();
    }
    this.#applying = false;
  }
}

function sameUpstreams(a: readonly Upstream[], b: readonly Upstream[]): boolean {
  return (
    a.length === b.length && a.every(({ host, port }) => b.some((other) => other.host === host && other.port === port))
  );
}

/**
 * Behind the Service's address, a gateway that tries again after a refused connection must meet refusals. To any other, a
 * reset does the same, and each connection has its own chance of it, as on a cluster.
 */
export function needsRefusals({ kind, upstream, retries = 0 }: InstalledGateway): boolean {
  return upstream === 'service' && (kind.retriesRefused === true || retries > 0);
}
