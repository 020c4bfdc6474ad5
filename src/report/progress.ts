/** What is going on while trials run, on stderr: a bar on a terminal, a line per trial elsewhere. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { TrialsObserver } from '../compare/run.ts';
import type { TrialPlan } from '../trial.ts';
import { count } from './format.ts';

/** What a trial takes before any has ended and told. */
const FIRST_GUESS_MS = 24_000;

export interface Progress {
  observer: TrialsObserver;
  stop(): void;
}

export function terminalProgress(
  stream: NodeJS.WriteStream,
  trials: readonly TrialPlan[],
  { seed, atATime }: { seed: number; atATime: number },
): Progress {
  stream.write(`${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}, ${atATime} at a time, seed ${seed}\n`);
  return stream.isTTY && process.env.TERM !== 'dumb' ? bar(stream, trials, atATime) : lines(stream, trials);
}

function name({ identity }: TrialPlan): string {
  // A user's own service is not one runtime of several.
  return identity.runtime === 'own' ? identity.variant : `${identity.variant}-${identity.runtime}`;
}

function bar(stream: NodeJS.WriteStream, trials: readonly TrialPlan[], atATime: number): Progress {
  const bars = new MultiBar({ stream, clearOnComplete: true, hideCursor: true, format: '{line}', gracefulExit: false });
  const format = '{bar} {value}/{total} trials, {left} left';
  const whole: SingleBar = bars.create(trials.length, 0, { left: timeLeft([], trials.length, atATime) }, { format });
  const running = new Map<TrialPlan, { bar: SingleBar; startedMs: number; stage: string; load: string }>();
  const durations: number[] = [];
  return {
    observer: {
      onStage(trial, stage) {
        const shown = running.get(trial) ?? {
          bar: bars.create(1, 0, { line: '' }),
          startedMs: performance.now(),
          stage,
          load: '',
        };
        running.set(trial, shown);
        shown.stage = stage;
        shown.bar.update(0, { line: `  ${name(trial).padEnd(32)} ${stage.padEnd(10)} ${shown.load}` });
      },
      onProgress(trial, { started, failed }) {
        const shown = running.get(trial);
        if (!shown) return;
        shown.load = `${count(started)} requests, ${count(failed)} failed`;
        shown.bar.update(0, { line: `  ${name(trial).padEnd(32)} ${shown.stage.padEnd(10)} ${shown.load}` });
      },
      onResult(trial) {
        const shown = running.get(trial);
        if (shown) {
          bars.remove(shown.bar);
          durations.push(performance.now() - shown.startedMs);
        }
        running.delete(trial);
        whole.increment(1, { left: timeLeft(durations, trials.length - durations.length, atATime) });
      },
    },
    stop: () => bars.stop(),
  };
}

function timeLeft(durationsMs: readonly number[], trialsLeft: number, atATime: number): string {
  const mean = durationsMs.length === 0 ? FIRST_GUESS_MS : durationsMs.reduce((a, b) => a + b, 0) / durationsMs.length;
  const total = Math.round((mean * Math.ceil(trialsLeft / atATime)) / 1000);
  return total >= 60 ? `${Math.floor(total / 60)} min ${total % 60} s` : `${total} s`;
}

function lines(stream: NodeJS.WriteStream, trials: readonly TrialPlan[]): Progress {
  let done = 0;
  return {
    observer: {
      onStage() {},
      onProgress() {},
      onResult(trial, result) {
        done++;
        const verdict = result.valid ? '' : ` INVALID: ${result.invalidReasons.join('; ')}`;
        stream.write(
          `[${done}/${trials.length}] ${name(trial)}: ${count(result.failed)} of ${count(result.exposed)} failed${verdict}\n`,
        );
      },
    },
    stop() {},
  };
}
