/** Runs work on untrusted input in a worker with limits on processor time and memory. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';

/**
 * Processor time rather than elapsed time, so that a busy machine accepts the same input as an idle one. 10 MB of
 * nothing but workloads take about 7 s; YAML made to be slow takes minutes.
 */
const PROCESSOR_SECONDS = 8;
const POLL_MS = 100;
const MEMORY_MB = 768;

/** What a worker posts: a result, or the message of an InputError, because an error loses its class between threads. */
export type LimitedAnswer<T> = { result: T } | { inputError: string };

/**
 * Starts a worker with `input` and resolves to the result that it posts.
 * @param script of the worker, which posts one `LimitedAnswer`
 * @param names of the sources, for messages
 * @throws InputError if the worker reports one, or if the input exceeds a limit
 */
export function withinLimits<T>(script: string, input: unknown, names: readonly string[]): Promise<T> {
  const tooMuch = (what: string) =>
    new InputError(`${shortList(names)}: reading it takes more than ${what}: pass fewer objects at a time`);
  const worker = new Worker(projectFile(script), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  return new Promise<T>((resolve, reject) => {
    const before = process.cpuUsage();
    const poll = setInterval(() => {
      const { user, system } = process.cpuUsage(before); // in µs
      if ((user + system) / 1e6 < PROCESSOR_SECONDS) return;
      clearInterval(poll);
      void worker.terminate();
      reject(tooMuch(`${PROCESSOR_SECONDS} s of processor time`));
    }, POLL_MS);
    worker.on('message', (answer: LimitedAnswer<T>) => {
      if ('result' in answer) resolve(answer.result);
      else reject(new InputError(answer.inputError));
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`${MEMORY_MB} MB of memory`) : error);
    });
    worker.on('exit', (code) => {
      clearInterval(poll);
      // Rejecting has no effect once the worker has answered.
      reject(new Error(`the worker that reads ${shortList(names)} ended without an answer (exit code ${code})`));
    });
  });
}

/**
 * What a worker posts: the result of `work`, or the message of the InputError that it throws.
 * @throws any other error of `work`
 */
export function limitedAnswer<T>(work: () => T): LimitedAnswer<T> {
  try {
    const result = work();
    // The result is copied to the program's own memory, which the worker's limit does not cover.
    if (sizeOf(result) > MAX_RESULT_SIZE) {
      return { inputError: 'the objects take more than 128 MB: pass fewer objects at a time' };
    }
    return { result };
  } catch (error) {
    if (error instanceof InputError) return { inputError: error.message };
    throw error;
  }
}

/** In characters; a number or a field counts as SIZE_OF_NODE. Counting stops at this limit. */
const MAX_RESULT_SIZE = 128_000_000;
const SIZE_OF_NODE = 8;

function sizeOf(value: unknown, before = 0): number {
  if (typeof value === 'string') return before + value.length;
  if (typeof value !== 'object' || value === null || before > MAX_RESULT_SIZE) return before + SIZE_OF_NODE;
  return Object.entries(value).reduce((size, [key, item]) => sizeOf(item, size + key.length), before + SIZE_OF_NODE);
}

/** The first names, and how many more there are, for a message. */
export function shortList(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
