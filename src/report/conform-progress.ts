/** Progress of the conformance suite: a single line that is rewritten, on terminals only. */
import { createLogUpdate } from 'log-update';
import type { CaseResult } from '../conform/suite.ts';
import type { LiveTerminal } from '../output.ts';

export function conformanceProgress(
  stream: LiveTerminal,
  total: number,
): { onResult(result: CaseResult): void; stop(): void } {
  if (!stream.isTTY || process.env.TERM === 'dumb') return { onResult() {}, stop() {} };
  const update = createLogUpdate(stream as NodeJS.WriteStream);
  let done = 0;
  let failed = 0;
  update('checking what the server supports …');
  return {
    onResult({ status }) {
      done++;
      if (status === 'fail') failed++;
      update(`${done} of ${total} cases, ${failed} failed`);
    },
    stop() {
      update.clear();
    },
  };
}
