/** The live view on a terminal: redrawn in place, a few times a second. */
import cliCursor from 'cli-cursor';
import { createLogUpdate } from 'log-update';
import type { TrialResult } from '../../analysis/result.ts';
import type { LiveTerminal } from '../../output.ts';
import type { TrialsObserver } from '../../trials/run-trials.ts';
import type { TrialPlan } from '../../trials/trial.ts';
import { colorsFor } from '../terminal.ts';
import { frame, type RunningTrial } from './frame.ts';

/** Shows what is going on until it is stopped. */
export interface Progress {
  observer: TrialsObserver;
  stop(): void;
}

const REDRAW_MS = 200;

/** For terminals that do not know their size and say 0, as some serial lines do. */
const DEFAULT_SIZE = { columns: 80, rows: 24 };

export function liveView(
  stream: LiveTerminal,
  trials: readonly TrialPlan[],
  nameOf: (trial: TrialPlan) => string,
): Progress {
  const surface = {
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns || DEFAULT_SIZE.columns;
    },
    get rows() {
      return stream.rows || DEFAULT_SIZE.rows;
    },
    write: (text: string) => stream.write(text),
  };
  const draw = createLogUpdate(surface as NodeJS.WriteStream, { showCursor: true });
  // Shown again by stop(), and by cli-cursor itself however else the program ends.
  cliCursor.hide(stream as NodeJS.WriteStream);
  const colors = colorsFor(stream);
  const running = new Map<TrialPlan, RunningTrial & { startedMs: number }>();
  const durationsMs: number[] = [];
  const known: TrialResult[] = [];
  let failed = 0;
  /** Trials at a time, so far. */
  let most = 1;
  const redraw = () => {
    const elapsedMs = [...running.values()].map(({ startedMs }) => performance.now() - startedMs);
    const overview = {
      done: durationsMs.length,
      total: trials.length,
      failed,
      leftMs: estimateLeftMs({ durationsMs, elapsedMs, total: trials.length, atATime: most }),
      running: [...running.values()],
      planned: trials.map(({ identity }) => identity),
      known,
    };
    draw(frame(overview, surface, colors));
  };
  const timer = setInterval(redraw, REDRAW_MS);
  const shown = (trial: TrialPlan) => {
    const known = running.get(trial) ?? {
      name: nameOf(trial),
      stage: '',
      requests: { started: 0, failed: 0 },
      pods: [],
      lastEvent: '',
      startedMs: performance.now(),
    };
    running.set(trial, known);
    most = Math.max(most, running.size);
    return known;
  };
  redraw();
  return {
    observer: {
      onStage(trial, stage) {
        shown(trial).stage = stage;
      },
      onProgress(trial, requests, pods) {
        Object.assign(shown(trial), { requests, pods });
      },
      onEvent(trial, { message }) {
        if (running.has(trial)) shown(trial).lastEvent = message;
      },
      onDiscarded(trial) {
        running.delete(trial);
      },
      onResult(trial, result) {
        durationsMs.push(performance.now() - shown(trial).startedMs);
        failed += result.failed;
        known.push(result);
        running.delete(trial);
      },
    },
    stop() {
      clearInterval(timer);
      draw.clear();
      draw.done();
      cliCursor.show(stream as NodeJS.WriteStream);
    },
  };
}

/** From what the trials so far took, in ms; undefined before one has ended. */
export function estimateLeftMs(known: {
  durationsMs: readonly number[];
  /** How long each running trial has run. */
  elapsedMs: readonly number[];
  total: number;
  atATime: number;
}): number | undefined {
  const { durationsMs, elapsedMs, total, atATime } = known;
  if (durationsMs.length === 0) return undefined;
  const meanMs = durationsMs.reduce((sum, ms) => sum + ms, 0) / durationsMs.length;
  const notStarted = Math.max(0, total - durationsMs.length - elapsedMs.length);
  const restMs = elapsedMs.map((ms) => Math.max(0, meanMs - ms));
  const sharedMs = (notStarted * meanMs + restMs.reduce((sum, ms) => sum + ms, 0)) / Math.max(1, atATime);
  return Math.max(sharedMs, ...restMs);
}
