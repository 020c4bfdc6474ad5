/** The request mix that both load generators and `loadtest.js` read (`workload.json`). */
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

const MAX_FILE_BYTES = 4 << 20;

export const Scenario = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().startsWith('/'),
  body: z.string().optional(),
  connection: z.enum(['fresh', 'keep-alive']).describe('a new connection for each request, or a pool of kept ones'),
  ratePerSecond: z.number().positive(),
  connections: z.int().positive().describe('kept connections (k6: virtual users) before more are opened on demand'),
  timeoutMs: z.int().positive(),
});
export type Scenario = z.infer<typeof Scenario>;

export const RequestMix = z.strictObject({
  format: z.literal('k8s-rollout-test/workload/1'),
  scenarios: z.array(Scenario).min(1),
});
export type RequestMix = z.infer<typeof RequestMix>;

/** The same mix of scenarios at another total rate, in requests/s; connections scale along, so that each is used as often. */
export function scaleRequestMix(requestMix: RequestMix, totalRatePerSecond: number): RequestMix {
  const factor = totalRatePerSecond / totalRate(requestMix);
  return {
    ...requestMix,
    scenarios: requestMix.scenarios.map((s) => ({
      ...s,
      ratePerSecond: s.ratePerSecond * factor,
      connections: Math.max(1, Math.ceil(s.connections * factor)),
    })),
  };
}

/** Requests/s over all scenarios. */
export function totalRate(requestMix: RequestMix): number {
  return requestMix.scenarios.reduce((sum, s) => sum + s.ratePerSecond, 0);
}

/** @throws InputError when the file is no request mix */
export function readRequestMix(file: string): RequestMix {
  return readJsonFile(file, { schema: RequestMix, what: 'a workload', maxBytes: MAX_FILE_BYTES, mayBeLink: true });
}
