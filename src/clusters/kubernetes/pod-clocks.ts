/**
 * Measures how far each pod's clock is off from ours: the app reports its time in every response, also through the API
 * server's proxy.
 */

import type { V1Pod } from '@kubernetes/client-node';
import { delay } from '../../timers.ts';
import { ClockOffset, type OffsetEstimate } from '../../trace/clock-offset.ts';
import type { KubernetesApi } from './api.ts';

/** The fastest of these exchanges bounds the offset. */
const EXCHANGES = 20;
const PAUSE_MS = 100;
/** Every route responds with the header, even with status 404. */
const PATH = '/healthz';

export class PodClocks {
  readonly #api: KubernetesApi;
  readonly #offsets = new Map<string, ClockOffset>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** The pod's clock minus ours; undefined for a pod that was not asked or does not report its time. */
  of(pod: string): OffsetEstimate | undefined {
    return this.#offsets.get(pod)?.estimate;
  }

  /** The largest bound, in ms; undefined if no pod reports its time. */
  get boundMs(): number | undefined {
    const bounds = [...this.#offsets.values()].flatMap(({ estimate }) => estimate?.boundMs ?? []);
    return bounds.length === 0 ? undefined : Math.max(...bounds);
  }

  /** Measures a pod's clock. It stays unknown if the pod does not respond, or responds without the header. */
  async measure(pod: V1Pod, signal: AbortSignal): Promise<void> {
    const { name = '', namespace } = pod.metadata ?? {};
    const port = pod.spec?.containers[0]?.ports?.[0]?.containerPort;
    if (port === undefined || this.#offsets.has(name)) return;
    const offset = new ClockOffset();
    this.#offsets.set(name, offset);
    for (let i = 0; i < EXCHANGES && !signal.aborted; i++) {
      const askedMs = epochMs();
      try {
        const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${PATH}`;
        const response = await this.#api.get(path, {}, signal);
        const answeredMs = epochMs();
        response.destroy();
        const remoteMs = Number(response.headers['x-server-time'] || Number.NaN);
        if (Number.isFinite(remoteMs)) offset.add(askedMs, remoteMs, answeredMs);
      } catch (error) {
        if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error; // otherwise: currently unreachable
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
    }
  }
}

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
