/** What is going on while trials run, on stderr: a live view on a terminal, a line per trial elsewhere. */
import type { LiveTerminal } from '../output.ts';
import { logLine } from '../printable.ts';
import { trialName } from '../results/trial-name.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { counted } from './format.ts';
import { brokenInWords } from './live/frame.ts';
import { liveView, type Progress } from './live/live.ts';

export function terminalProgress(
  stream: LiveTerminal,
  trials: readonly TrialPlan[],
  { seed, what }: { seed: number; what?: string | undefined },
): Progress {
  const begin = what === undefined ? '' : `${what}: `;
  stream.write(`${logLine(`${begin}${counted(trials.length, 'trial')}, seed ${seed}`)}\n`);
  const nameOf = ({ identity }: TrialPlan) => trialName(identity);
  return stream.isTTY && process.env.TERM !== 'dumb' ? liveView(stream, trials, nameOf) : lines(stream, trials, nameOf);
}

function lines(stream: LiveTerminal, trials: readonly TrialPlan[], nameOf: (trial: TrialPlan) => string): Progress {
  let done = 0;
  return {
    observer: {
      onStage() {},
      onProgress() {},
      onEvent() {},
      onDiscarded(trial, reasons) {
        stream.write(`${logLine(`${nameOf(trial)}: will be measured once more: ${reasons.join('; ')}`)}\n`);
      },
      onResult(trial, result) {
        done++;
        const verdict = result.valid ? '' : ` INVALID: ${result.invalidReasons.join('; ')}`;
        stream.write(`${logLine(`[${done}/${trials.length}] ${nameOf(trial)}: ${brokenInWords(result)}${verdict}`)}\n`);
      },
    },
    stop() {},
  };
}
