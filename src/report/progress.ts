/** What is going on while trials run, on stderr: a live view on a terminal, a line per trial elsewhere. */
import { trialName } from '../results/trial-name.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { counted } from './format.ts';
import { brokenInWords } from './live/frame.ts';
import { liveView, type Progress } from './live/live.ts';

export function terminalProgress(
  stream: NodeJS.WriteStream,
  trials: readonly TrialPlan[],
  { seed, atATime }: { seed: number; atATime: number },
): Progress {
  stream.write(`${counted(trials.length, 'trial')}, ${atATime} at a time, seed ${seed}\n`);
  const nameOf = ({ identity }: TrialPlan) => trialName(identity);
  return stream.isTTY && process.env.TERM !== 'dumb'
    ? liveView(stream, trials, atATime, nameOf)
    : lines(stream, trials, nameOf);
}

function lines(
  stream: NodeJS.WriteStream,
  trials: readonly TrialPlan[],
  nameOf: (trial: TrialPlan) => string,
): Progress {
  let done = 0;
  return {
    observer: {
      onStage() {},
      onProgress() {},
      onEvent() {},
      onResult(trial, result) {
        done++;
        const verdict = result.valid ? '' : ` INVALID: ${result.invalidReasons.join('; ')}`;
        stream.write(`[${done}/${trials.length}] ${nameOf(trial)}: ${brokenInWords(result)}${verdict}\n`);
      },
    },
    stop() {},
  };
}
