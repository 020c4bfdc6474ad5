/** What a readiness probe is answered. */
import type { Lifecycle } from './lifecycle.ts';

/** 200 while ready, 503 before and after. */
export function readiness({ state }: Lifecycle): Response {
  return Response.json({ state }, { status: state === 'ready' ? 200 : 503 });
}
