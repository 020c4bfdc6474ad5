/** A container's preStop hook. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import { timerMs } from '../../timers.ts';
import { type Address, httpStatus } from './probe-check.ts';

export interface HookedContainer {
  address: Address;
  /** Runs a command in it; its exit code, undefined when it was stopped. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number | undefined>;
  exited: Promise<unknown>;
}

/** Runs the hook to its end or until `signal`; resolves with what went wrong, if anything did. */
export async function runPreStop(
  { sleep, exec, httpGet }: LifecycleHandler,
  container: HookedContainer,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (sleep) {
    // The kubelet notices when the container ends by itself during the sleep.
    const slept = delay(timerMs(sleep.seconds * 1000), undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    await Promise.race([slept, container.exited]);
  } else if (exec?.command) {
    const code = await container.exec(exec.command, signal);
    if (code !== 0) {
      return `exec ${exec.command.join(' ')}: ${code === undefined ? 'did not end in time' : `exit code ${code}`}`;
    }
  } else if (httpGet) {
    const status = await httpStatus(httpGet, container.address, signal);
    if (status === undefined || status >= 400) return `httpGet ${httpGet.path ?? '/'}: ${status ?? 'no response'}`;
  }
  return undefined;
}
