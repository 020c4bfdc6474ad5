/** A container's preStop hook. */

import type { HttpGet, LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import { delay } from '../../timers.ts';
import type { HookRecord } from '../../trace/cluster-record.ts';
import { type Address, httpStatus } from './probe-check.ts';

/** The end of a container's process is seen this long after its other processes have died, at most. */
const CONTAINER_END_MS = 500;

export interface HookedContainer {
  /** Where a port of it is reached; undefined for a name that it does not have. */
  addressOf(port: HttpGet['port']): Address | undefined;
  /** Runs a command in it; its exit code, undefined when it was stopped. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
  exited: Promise<unknown>;
}

/** How a hook ended. */
export type HookEnd = Pick<HookRecord, 'outcome' | 'exitCode' | 'detail'>;

/**
 * Runs the hook to its end, or until `graceOver`. A hook that is still running then is left alone: it ends with its
 * container. Seen on Kubernetes 1.34, as what counts for a failure: an HTTP hook succeeds with any status.
 * @param ended aborted when the container is taken away
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
  return Promise.race([carryOut(handler, container, ended), over, containerEnd]);
}

async function carryOut(
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

/** What runs in a container dies with it, a moment before that end is seen. */
async function killedHook({ exited }: HookedContainer): Promise<HookEnd> {
  const containerEnd = exited.then((): HookEnd => ({ outcome: 'container-ended' }));
  const alone = delay<HookEnd>(CONTAINER_END_MS, { outcome: 'failed', detail: 'it was killed' });
  return Promise.race([containerEnd, alone]);
}

/** The status, or what went wrong. Where a server that was asked for HTTPS speaks plain HTTP, the kubelet asks it again so. */
async function hookAnswer(httpGet: HttpGet, address: Address, ended: AbortSignal): Promise<number | string> {
  const answer = await httpStatus(httpGet, address, ended);
  if (httpGet.scheme !== 'HTTPS' || typeof answer === 'number' || answer === 'ECONNREFUSED') return answer;
  return httpStatus({ ...httpGet, scheme: 'HTTP' }, address, ended);
}

function ignoreAbort(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}
