/** Ends what is under way when the program is told to end. */
import { ExitCode, ProgramError } from '../errors.ts';

/** Ctrl-C, SIGTERM and SIGHUP end the trials; a second one while they are being taken away changes nothing. */
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
 * Waits for what comes before a run. It can be left half-way: it makes nothing, or ends what it makes when the signal is aborted.
 * @throws ProgramError with exit code 130 when the program is told to end
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
    return await Promise.race([read(signal), interrupted]);
  } finally {
    interruption.stop();
  }
}
