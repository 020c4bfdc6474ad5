/** Measures the clock of a k6 in a pod, by the Date header of its REST API, through the API server's proxy. */
import { type KubernetesApi, unlessAborted } from '../../clusters/kubernetes/api.ts';
import { isConnectionError } from '../../clusters/kubernetes/response-lines.ts';
import { delay } from '../../timers.ts';
import { ClockOffset, type OffsetEstimate } from '../../trace/clock-offset.ts';
import { API_PORT } from './job-objects.ts';

/** Long enough to see the begin of a second, also if a response takes a while. */
const MEASURE_MS = 2200;
const PAUSE_MS = 10;
/** The header is cut to whole seconds (RFC 9110, 5.6.7). */
const RESOLUTION_MS = 1000;

/**
 * k6's clock minus ours. The bound is about the time of a response: the header changes at the begin of each second, and
 * the responses around that moment narrow it down.
 * @returns undefined if k6 does not respond
 */
export async function k6Clock(
  api: KubernetesApi,
  namespace: string,
  pod: string,
  signal: AbortSignal,
): Promise<OffsetEstimate | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${API_PORT}/proxy/v1/status`;
  const offset = new ClockOffset();
  const endMs = performance.now() + MEASURE_MS;
  while (performance.now() < endMs && !signal.aborted) {
    const askedMs = epochMs();
    try {
      const response = await unlessAborted(signal, api.get(path, {}, signal));
      const answeredMs = epochMs();
      response.destroy();
      const remoteMs = response.statusCode === 200 ? Date.parse(response.headers.date ?? '') : Number.NaN;
      if (Number.isFinite(remoteMs)) offset.add(askedMs, remoteMs, answeredMs, remoteMs + RESOLUTION_MS);
    } catch (error) {
      if (!signal.aborted && !isConnectionError(error)) throw error; // otherwise: currently unreachable
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
  return offset.estimate;
}

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
