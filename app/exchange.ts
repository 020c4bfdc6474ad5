/** One request and its response, as this pod has its part in it. */
import { wallMs } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { RequestCounts } from './request-counts.ts';
import type { RequestIds } from './request-ids.ts';

export interface Pod {
  podName: string;
  lifecycle: Lifecycle;
  requestIds: RequestIds;
  requestCounts: RequestCounts;
  /**
   * Whether short responses are made with all their headers, or get them later. Node's adapter sends what it was given as
   * it is, and builds Headers for what is set later; Deno is quick to make a response with one header, and slow with more.
   */
  headersAtOnce: boolean;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export class Exchange {
  readonly #pod: Pod;
  readonly #id: string | undefined;
  readonly #count: number | undefined;
  #named = false;

  /** @param id x-request-id, if there is one */
  constructor(pod: Pod, id: string | undefined) {
    this.#pod = pod;
    this.#id = id;
    // Counted on arrival: a request that is cut before its response must show in the count of its repetition.
    this.#count = id === undefined ? undefined : pod.requestIds.see(id);
  }

  /** JSON, which gets the pod's headers when that is cheapest. */
  json(data: object): Response {
    const body = JSON.stringify(data);
    if (!this.#pod.headersAtOnce) return new Response(body, { headers: JSON_TYPE });
    this.#named = true;
    return new Response(body, { headers: { ...JSON_TYPE, ...this.#headers() } });
  }

  /** The response with the pod's headers, which it may have already. */
  named(response: Response): Response {
    // The headers of a WebSocket's 101 are the runtime's and cannot be changed.
    if (this.#named || response.status === 101) return response;
    const { headers } = response;
    const own = this.#headers();
    for (const name in own) headers.set(name, own[name] ?? '');
    return response;
  }

  /**
   * x-pod-name · x-pod-state · x-server-time (ms since the epoch) · x-request-id as sent · x-request-count (how often
   * this pod has seen that id).
   */
  #headers(): Record<string, string> {
    const headers: Record<string, string> = {
      'x-pod-name': this.#pod.podName,
      'x-pod-state': this.#pod.lifecycle.state,
      'x-server-time': wallMs().toFixed(3),
    };
    if (this.#id !== undefined && this.#count !== undefined) {
      headers['x-request-id'] = this.#id;
      headers['x-request-count'] = String(this.#count);
    }
    return headers;
  }
}
