/**
 * Runs as many local trials at a time as the processors of this machine bear. A trial mostly waits, so several fit on one core; but
 * when the processors are busy, the load cannot keep its schedule, and the trials are invalid. So what a trial costs is
 * measured while trials run, together with everything else that the machine does.
 */
import { availableParallelism, totalmem } from 'node:os';
import { ProcessorUse } from '../processes/processor-use.ts';
import type { PaceRule } from './pace.ts';

/** The share of all processors that trials may use on average. They need the rest when several start pods at once. */
const TARGET_SHARE = 0.95;
/** No trial begins while more than this is in use, because the start of its pods would add to it. */
const BUSY_SHARE = 0.9;
/** The target is multiplied by this after an invalid trial, because the machine bears less than it seemed to. */
const AFTER_INVALID = 0.9;
/**
 * On one core, trials begin at least this long apart, in ms. A trial costs most while its pods start and warm up, so starts
 * must not pile up.
 */
const START_MS = 4000;
const ASK_AGAIN_MS = 250;
/** A measurement this old counts 1/e as much as a new one, in ms. */
const MEMORY_MS = 30_000;
/** The expected cost counts as much as one trial measured for this long, in ms. */
const EXPECTATION_MS = 60_000;
/** No trial begins if less than this share of the memory is available. */
const FREE_MEMORY_SHARE = 0.15;

/** What the machine says of itself; replaced in tests. */
export interface Machine {
  processors: number;
  nowMs(): number;
  /** The share of all processors in use since the last call; undefined when too little time has passed. */
  busyShare(): number | undefined;
  /** The share of the memory that is available. */
  freeMemoryShare(): number;
}

function thisMachine(): Machine {
  const use = new ProcessorUse();
  // Without a limit, constrainedMemory is 0 or far above what there is.
  const memory = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  return {
    processors: availableParallelism(),
    nowMs: () => performance.now(),
    busyShare: () => use.share(),
    freeMemoryShare: () => process.availableMemory() / memory,
  };
}

/**
 * @param coresEach how many cores one trial is expected to keep busy, until it is known
 */
export function processorRoom(coresEach: number, machine: Machine = thisMachine()): PaceRule {
  const { processors } = machine;
  let target = TARGET_SHARE;
  let lastBeginMs = Number.NEGATIVE_INFINITY;
  let measuredMs = machine.nowMs();
  let busyNow = 0;
  // The time in use and the sum of the trials' times, in ms. Older time counts less.
  let usedMs = 0;
  let trialsMs = 0;
  const measure = (running: number) => {
    const busy = machine.busyShare();
    if (busy === undefined) return;
    const nowMs = machine.nowMs();
    const passedMs = nowMs - measuredMs;
    const weight = Math.exp(-passedMs / MEMORY_MS);
    usedMs = usedMs * weight + busy * passedMs;
    trialsMs = trialsMs * weight + running * passedMs;
    measuredMs = nowMs;
    busyNow = busy;
  };
  const shareEach = () => (usedMs + (coresEach / processors) * EXPECTATION_MS) / (trialsMs + EXPECTATION_MS);
  return {
    askAgainMs: ASK_AGAIN_MS,
    hasRoom(running) {
      measure(running);
      if (machine.nowMs() - lastBeginMs < START_MS / processors) return false;
      if (machine.freeMemoryShare() < FREE_MEMORY_SHARE) return false;
      // One trial per core is always allowed. If other programs keep the machine busy, invalid trials lower the number.
      if (running < Math.floor((processors * target) / TARGET_SHARE)) return true;
      return busyNow <= BUSY_SHARE && (running + 1) * shareEach() <= target;
    },
    onBegin(running) {
      measure(running - 1);
      lastBeginMs = machine.nowMs();
    },
    onEnd(running, valid) {
      measure(running + 1);
      if (!valid) target *= AFTER_INVALID;
    },
  };
}
