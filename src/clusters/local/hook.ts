/** Runs a hook of a container: preStop or postStart. */

import type { HttpGet, LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import { delay } from '../../timers.ts';
import type { HookRecord } from '../../trace/cluster-record.ts';
import { httpStatus, type ReachableContainer } from './probe-check.ts';

/** The most time between the death of a container's other processes and the moment that its end is noticed. */
const CONTAINER_END_MS = 500;

export interface HookedContainer extends ReachableContainer {
  exited: Promise<unknown>;
}

/** How a hook ended. */
export type HookEnd = Pick<HookRecord, 'outcome' | 'exitCode' | 'detail'>;

/**
 * Runs the hook to its end, or until `graceOver`. A hook that still runs then is not killed; it ends with its
 * container. An HTTP hook succeeds with any status. Both observed on Kubernetes 1.34. A postStart hook has no grace
 * period.
 * @param ended aborted when the container has ended or is cleaned up
 */
export async function runHook(
  handler: LifecycleHandler,
  container: HookedContainer,
  graceOver: AbortSignal,
  ended: AbortSignal,
): Promise<HookEnd> {
  const over = new Promise<HookEnd>((resolve) => {
    graceOver.addEventListener('abort', () => resolve({ outcome: 'outlasted-grace' }), { once: true });
  });
  const containerEnd = container.exited.then((): HookEnd => ({ outcome: 'container-ended' }));
  return Promise.race([execute(handler, container, ended), over, containerEnd]);
}

async function execute(
  { sleep, exec, httpGet }: LifecycleHandler,
  container: HookedContainer,
  ended: AbortSignal,
): Promise<HookEnd> {
  if (sleep) {
    await delay(sleep.seconds * 1000, undefined, { signal: ended }).catch(ignoreAbort);
    return { outcome: 'succeeded' };
  }
  if (exec?.command) {
    const exitCode = await container.exec(exec.command, ended);
    if (exitCode === 0) return { outcome: 'succeeded', exitCode };
    if (exitCode === undefined) return killedHook(container);
    return { outcome: 'failed', exitCode, detail: `exit code ${exitCode}` };
  }
  if (!httpGet) return { outcome: 'succeeded' };
  const port = container.portOf(httpGet.port);
  if (port === undefined) return { outcome: 'failed', detail: `the container has no port "${httpGet.port}"` };
  const answer = await hookAnswer(httpGet, port, container, ended);
  return typeof answer === 'number' ? { outcome: 'succeeded' } : { outcome: 'failed', detail: answer };
}

/** Distinguishes a hook that was killed from one that died with its container, whose end is noticed a moment later. */
async function killedHook({ exited }: HookedContainer): Promise<HookEnd> {
  const containerEnd = exited.then((): HookEnd => ({ outcome: 'container-ended' }));
  const alone = delay<HookEnd>(CONTAINER_END_MS, { outcome: 'failed', detail: 'it was killed' });
  return Promise.race([containerEnd, alone]);
}

/** The HTTP status, or the error. If an HTTPS request fails, the kubelet retries it as plain HTTP. */
async function hookAnswer(
  httpGet: HttpGet,
  port: number,
  { dial }: HookedContainer,
  ended: AbortSignal,
): Promise<number | string> {
  const request = { httpGet, port, userAgent: 'kube-lifecycle/1.34' };
  const answer = await httpStatus(request, dial, ended);
  if (httpGet.scheme !== 'HTTPS' || typeof answer === 'number' || answer === 'ECONNREFUSED') return answer;
  return httpStatus({ ...request, httpGet: { ...httpGet, scheme: 'HTTP' } }, dial, ended);
}

function ignoreAbort(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}
