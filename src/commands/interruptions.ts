/** Stops ongoing work when the program is interrupted. */
import { ExitCode, ProgramError } from '../errors.ts';

/** Ctrl-C, SIGTERM and SIGHUP abort the signal. Further ones, while trials are being cleaned up, change nothing. */
export function interruptions(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (name: NodeJS.Signals) => controller.abort(new Error(`interrupted by ${name}`));
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/**
 * Waits for work that precedes a run. An interruption abandons it: it either creates nothing, or removes what it created
 * when the signal is aborted.
 * @param outcome the end of the error message: "nothing was changed"
 * @throws ProgramError with exit code 130 if the program is interrupted
 */
export async function unlessInterrupted<T>(outcome: string, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = interruptions();
  const { signal } = interruption;
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new ProgramError(`interrupted: ${outcome}`, ExitCode.interrupted, { cause: signal.reason }));
    });
  });
  try {
    return await Promise.race([read(signal).finally(delivered), interrupted]);
  } finally {
    interruption.stop();
  }
}

/**
 * Resolves when signals that came while the thread was blocked, by a program that it waited for, have been emitted. Node
 * drops those whose listener is removed first. A turn of the event loop polls for them; the current one may be past that.
 */
function delivered(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
