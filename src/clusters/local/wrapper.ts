/** What runs the server of a container: a look at it, and how long it is examined after the load. */
import type { ContainerProcess } from '../../processes/container-process.ts';
import { hasChildren, rolesOf } from '../../processes/process-list.ts';
import { processName } from '../../processes/process-names.ts';
import { PASS_ON_MS } from '../../processes/wrapper-stop.ts';
import type { PodRecord, WrapperRecord } from '../../trace/cluster-record.ts';

/** A wrapper that ended its container at some time does so again, more or less. */
const EXAMINATION_MARGIN_MS = 500;

/** Undefined where PID 1 is the server, or where that cannot be seen. Without a wrapper it reads a file or two. */
export function wrapperOf(process: ContainerProcess | undefined, port: number | undefined): WrapperRecord | undefined {
  if (!process?.pid1 || port === undefined || !hasChildren(process.firstPid)) return undefined;
  const roles = rolesOf(process.firstPid, port);
  if (!roles || roles.wrappers.length === 0) return undefined;
  return { names: roles.wrappers.map(processName), server: processName(roles.server) };
}

/** Somewhat longer than the slowest of the pods took to end by itself; one that SIGKILL ended has waited long enough. */
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
