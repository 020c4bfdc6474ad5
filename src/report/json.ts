import { type Run, resultOf } from '../results/run.ts';

/** A run as `--json` prints it and `result.json` holds it, ending with a newline. */
export function resultJson(run: Run): string {
  return `${JSON.stringify(resultOf(run), null, 2)}\n`;
}
