/** Reads metrics of a running k6 from its REST API, through the API server's proxy. */
import * as z from 'zod';
import { apiError, type KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { isConnectionError } from '../../clusters/kubernetes/response-lines.ts';
import { ExitCode, ProgramError } from '../../errors.ts';
import { API_PORT } from './job-objects.ts';

const ATTEMPTS = 3;

/** The response to GET /v1/metrics/NAME. */
const CounterMetric = z.object({
  data: z.object({ attributes: z.object({ sample: z.object({ count: z.int() }) }) }),
});

/**
 * How many requests the k6 in this pod could not start so far. Its summary contains this too, but is the last line of
 * the pod's log, which is sometimes lost.
 * @throws ProgramError if k6 does not report it
 */
export async function droppedIterations(
  api: KubernetesApi,
  namespace: string,
  pod: string,
  signal: AbortSignal,
): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${API_PORT}/proxy/v1/metrics/dropped_iterations`;
  const { status, body } = await asked(api, path, signal).catch((error: unknown) => {
    throw apiError(error, `ask k6 in ${pod} for its metrics`, api);
  });
  const metric = CounterMetric.safeParse(status === 200 ? parsed(body) : undefined);
  if (metric.success) return metric.data.data.attributes.sample.count;
  throw new ProgramError(
    `k6 in ${pod} did not report its dropped iterations: HTTP status ${status}: ${body.trim().slice(0, 200).replaceAll(/\s+/g, ' ')}`,
    ExitCode.invalidMeasurement,
  );
}

/** Retries if there is no response, or none from k6, because the proxy sometimes loses a request. */
async function asked(api: KubernetesApi, path: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await api.getText(path, signal);
      if (attempt === ATTEMPTS || answer.status < 500) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === ATTEMPTS || !isConnectionError(error)) throw error;
    }
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // a page of the proxy
  }
}
