/** Runs a container's preStop hook. */

import type { HttpGet, LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import { delay } from '../../timers.ts';
import type { HookRecord } from '../../trace/cluster-record.ts';
import { type Address, httpStatus } from './probe-check.ts';

/** The most time between the death of a container's other processes and the moment that its end is noticed. */
const CONTAINER_END_MS = 500;

export interface HookedContainer {
  /** The address at which one of its ports is reached; undefined for an unknown port name. */
  addressOf(port: HttpGet['port']): Address | undefined;
  /** Runs a command in the container. Resolves to its exit code; undefined if it was killed. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
  exited: Promise<unknown>;
}

/** How a hook ended. */
export type HookEnd = Pick<HookRecord, 'outcome' | 'exitCode' | 'detail'>;

/**
 * Runs the hook to its end, or until `graceOver`. A hook that still runs then is not killed; it ends with its
 * container. An HTTP hook succeeds with any status. Both observed on Kubernetes 1.34.
 * @param ended aborted when the container has ended or is cleaned up
 */
export async function runPreStop(
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
  const address = container.addressOf(httpGet.port);
  if (!address) return { outcome: 'failed', detail: `the container has no port "${httpGet.port}"` };
  const answer = await hookAnswer(httpGet, address, ended);
  return typeof answer === 'number' ? { outcome: 'succeeded' } : { outcome: 'failed', detail: answer };
}

/** Distinguishes a hook that was killed from one that died with its container, whose end is noticed a moment later. */
async function killedHook({ exited }: HookedContainer): Promise<HookEnd> {
  const containerEnd = exited.then((): HookEnd => ({ outcome: 'container-ended' }));
  const alone = delay<HookEnd>(CONTAINER_END_MS, { outcome: 'failed', detail: 'it was killed' });
  return Promise.race([containerEnd, alone]);
}

/** The HTTP status, or the error. If an HTTPS request fails, the kubelet retries it as plain HTTP. */
async function hookAnswer(httpGet: HttpGet, address: Address, ended: AbortSignal): Promise<number | string> {
  const answer = await httpStatus(httpGet, address, ended);
  if (httpGet.scheme !== 'HTTPS' || typeof answer === 'number' || answer === 'ECONNREFUSED') return answer;
  return httpStatus({ ...httpGet, scheme: 'HTTP' }, address, ended);
}

function ignoreAbort(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}
