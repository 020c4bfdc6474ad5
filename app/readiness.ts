/** The response to a readiness probe. */
import type { Lifecycle } from './lifecycle.ts';

/** 200 while ready, else 503. */
export function readiness({ state }: Lifecycle): Response {
  return Response.json({ state }, { status: state === 'ready' ? 200 : 503 });
}
