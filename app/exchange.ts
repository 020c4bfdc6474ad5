/** One request and its response: counts the request and adds the pod's headers to the response. */
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
   * Whether short responses are created with all headers, or get the pod's headers later. It depends on the runtime
   * which is faster: Node's adapter sends the given headers directly but builds a Headers object for later changes;
   * Deno creates a response with one header fast, and with more headers slowly.
   */
  headersAtOnce: boolean;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export class Exchange {
  readonly #pod: Pod;
  readonly #id: string | undefined;
  readonly #count: number | undefined;
  #named = false;

  /** @param id the x-request-id, if there is one */
  constructor(pod: Pod, id: string | undefined) {
    this.#pod = pod;
    this.#id = id;
    // Counted on arrival, so that a retry is counted even if the first attempt is cut before its response.
    this.#count = id === undefined ? undefined : pod.requestIds.see(id);
  }

  /** A JSON response. It gets the pod's headers now or later, whichever is cheaper. */
  json(data: object): Response {
    const body = JSON.stringify(data);
    if (!this.#pod.headersAtOnce) return new Response(body, { headers: JSON_TYPE });
    this.#named = true;
    return new Response(body, { headers: { ...JSON_TYPE, ...this.#headers() } });
  }

  /** The response with the pod's headers, unless it already has them. */
  named(response: Response): Response {
    // The runtime sets the headers of a WebSocket's 101 response, and they cannot be changed.
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
