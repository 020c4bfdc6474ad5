/** How far each pod's clock is off from ours: asked through the API server, the app says its time in every response. */

import type { V1Pod } from '@kubernetes/client-node';
import { delay } from '../../timers.ts';
import { ClockOffset, type OffsetEstimate } from '../../trace/clock-offset.ts';
import type { KubernetesApi } from './api.ts';

/** The fastest of so many exchanges bounds the offset. */
const EXCHANGES = 20;
const PAUSE_MS = 100;
/** Any route answers with the header, also with status 404. */
const PATH = '/healthz';

export class PodClocks {
  readonly #api: KubernetesApi;
  readonly #offsets = new Map<string, ClockOffset>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** The pod's clock minus ours; undefined for one that was not asked, or that does not say its time. */
  of(pod: string): OffsetEstimate | undefined {
    return this.#offsets.get(pod)?.estimate;
  }

  /** The largest bound, in ms; undefined where no pod says its time. */
  get boundMs(): number | undefined {
    const bounds = [...this.#offsets.values()].flatMap(({ estimate }) => estimate?.boundMs ?? []);
    return bounds.length === 0 ? undefined : Math.max(...bounds);
  }

  /** Asks a pod for its time. One that does not answer, or without our header, stays unknown. */
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
        if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error; // else: not reachable just now
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {}); // aborted, and so is the loop
    }
  }
}

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
