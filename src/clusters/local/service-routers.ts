/** The routers of one Service: what each knows of the pods, and what the load sees of that. */
import type { Service } from '../../kubernetes-rules/objects.ts';
import { isHeadless } from '../../kubernetes-rules/ports.ts';
import type { Random } from '../../random.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef, RouterView } from '../../trace/cluster-record.ts';
import type { RoutingTable } from '../cluster.ts';
import { NODES } from './nodes.ts';
import type { Pod } from './pod.ts';
import { type EndpointState, Router } from './router.ts';
import { dnsRouting, kubeProxyRouting } from './routing.ts';
import { healthyNodes, publishedEndpoints, staysOnNode } from './service-traffic.ts';
import { SliceUpdates } from './slice-updates.ts';
import type { Timings } from './timings.ts';

/** For a headless Service, one router with this name replaces those of the nodes. */
const DNS = 'dns';

export interface ServiceRoutersOptions {
  service: Service;
  clock: TrialClock;
  timings: Timings;
  /** A source of random numbers for each router, by its name. */
  random(router: string): Random;
  /** All pods, also those that are gone. */
  pods(): readonly Pod[];
  /** Called with the endpoints in the EndpointSlices, when a pod has changed; `gapMs` as for Router.update. */
  onEndpoints?(endpoints: readonly EndpointState[], gapMs: number): void;
  /** Called after a router has begun to use what it learned. */
  onView(): void;
}

export class ServiceRouters {
  readonly headless: boolean;
  /** What each router knew, in the order in which it learned. */
  readonly views: RouterView[] = [];
  readonly #options: ServiceRoutersOptions;
  readonly #routers: readonly Router[];
  readonly #slices: SliceUpdates;
  readonly #listeners: ((table: RoutingTable) => void)[] = [];

  constructor(options: ServiceRoutersOptions) {
    const { service, clock, timings, random } = options;
    this.#options = options;
    this.headless = isHeadless(service);
    this.#routers = (this.headless ? [DNS] : NODES).map((name) => {
      const routing = this.headless ? dnsRouting(timings) : kubeProxyRouting(timings);
      return new Router(name, clock, random(name), routing, (router) => this.#onView(router));
    });
    this.#slices = new SliceUpdates({
      clock,
      random: random('endpoint slices'),
      gapsMs: timings.sliceGapMs,
      publish: (gapMs) => this.#publish(gapMs),
    });
  }

  /** Call when a pod has changed. The routers, and others who follow the endpoints, learn of it later. */
  update(): void {
    this.#slices.change();
  }

  #publish(gapMs: number): void {
    const { service, onEndpoints } = this.#options;
    const endpoints = this.#published();
    for (const router of this.#routers) {
      const own = staysOnNode(service) ? endpoints.filter(({ node }) => node === router.name) : endpoints;
      router.update(own, gapMs);
    }
    onEndpoints?.(endpoints, gapMs);
  }

  #published() {
    const { service, pods } = this.#options;
    return publishedEndpoints(
      service,
      pods()
        .filter((pod) => !pod.gone)
        .map((pod) => ({
          pod: refOf(pod),
          node: pod.record.node,
          ...pod.address,
          podReady: pod.ready,
          terminating: pod.terminating,
        })),
    );
  }

  table(): RoutingTable {
    const pods = new Map(this.#options.pods().map((pod) => [pod.record.uid, pod]));
    const state = (uid: string) => ({
      reachable: pods.get(uid)?.reachable ?? true,
      refuses: pods.get(uid)?.refuses ?? false,
    });
    return {
      headless: this.headless,
      routers: this.#reached.map(({ name, view }) => ({
        name,
        endpoints: view.map(({ pod, host, port }) => ({ pod, host, port, ...state(pod.uid) })),
      })),
    };
  }

  /** With externalTrafficPolicy Local, a load balancer avoids nodes without a ready pod. */
  get #reached(): readonly Router[] {
    return staysOnNode(this.#options.service) ? healthyNodes([...this.#routers]) : this.#routers;
  }

  /** Calls the listener with the table whenever it changes. */
  onChange(listener: (table: RoutingTable) => void): void {
    this.#listeners.push(listener);
  }

  /** Call when something else has changed that the table shows. */
  announce(): void {
    for (const listener of this.#listeners) listener(this.table());
  }

  /** Whether every router knows exactly the pods that stay. */
  agree(): boolean {
    const { service, pods } = this.#options;
    const local = staysOnNode(service);
    const staying = pods().filter((pod) => !pod.terminating);
    return this.#routers.every((router) => {
      const wanted = staying
        .filter(({ record }) => !local || record.node === router.name)
        .map(({ record }) => record.uid);
      return router.view.length === wanted.length && router.view.every((e) => wanted.includes(e.pod.uid));
    });
  }

  stop(): void {
    this.#slices.stop();
    for (const router of this.#routers) router.stop();
  }

  #onView(router: Router): void {
    const pods = router.view.map(({ pod }) => pod.uid);
    this.views.push({ router: router.name, atMs: this.#options.clock.nowMs(), pods });
    this.announce();
    this.#options.onView();
  }
}

function refOf({ record: { uid, name } }: Pod): PodRef {
  return { uid, name };
}
