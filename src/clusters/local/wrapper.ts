/** Finds the wrapper of a container's server, and decides how long it is examined after the load. */
import type { ContainerProcess } from '../../processes/container-process.ts';
import { hasChildren, rolesOf } from '../../processes/process-list.ts';
import { processName } from '../../processes/process-names.ts';
import { PASS_ON_MS } from '../../processes/wrapper-stop.ts';
import type { PodRecord, WrapperRecord } from '../../trace/cluster-record.ts';

/** Added to the slowest observed termination, because durations vary. */
const EXAMINATION_MARGIN_MS = 500;

/**
 * Undefined if PID 1 is the server, or if that cannot be observed. Cheap if there is no wrapper: it reads a file or
 * two.
 */
export function wrapperOf(process: ContainerProcess | undefined, port: number | undefined): WrapperRecord | undefined {
  if (!process?.pid1 || port === undefined || !hasChildren(process.firstPid)) return undefined;
  const roles = rolesOf(process.firstPid, port);
  if (!roles || roles.wrappers.length === 0) return undefined;
  return { names: roles.wrappers.map(processName), server: processName(roles.server) };
}

/**
 * Slightly longer than the slowest pod took to end by itself, within the grace period. Pods that SIGKILL ended do not
 * count.
 */
export function examinationMs(pods: readonly PodRecord[], gracePeriodMs: number): number {
  const served = pods.flatMap(({ containers }) => containers.filter(({ serves }) => serves));
  const tookMs = served.flatMap(({ runs, stopSignalMs, sigkillMs }) => {
    const endedMs = runs.at(-1)?.endedMs;
    return endedMs === undefined || stopSignalMs === undefined || sigkillMs !== undefined
      ? []
      : [endedMs - stopSignalMs];
  });
  return Math.min(Math.max(PASS_ON_MS, ...tookMs.map((ms) => ms + EXAMINATION_MARGIN_MS)), gracePeriodMs);
}
