/** Work on input from anyone, in a worker with bounds on processor time and memory. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';

/**
 * In processor time, so that a busy machine refuses nothing that an idle one takes. 10 MB that are all workloads need some
 * 7 s; YAML made to be slow takes minutes.
 */
const PROCESSOR_SECONDS = 8;
const POLL_MS = 100;
const MEMORY_MB = 768;

/** What a worker answers: a result, or the one line of an InputError, which would lose its class on the way. */
export type LimitedAnswer<T> = { result: T } | { inputError: string };

/**
 * Starts the worker with this input, and gives what it answers.
 * @param script of the worker, which posts one `LimitedAnswer`
 * @param names of the sources, for the message
 * @throws InputError as the worker does, and where the input takes more than the bounds
 */
export function withinLimits<T>(script: string, input: unknown, names: readonly string[]): Promise<T> {
  const tooMuch = (what: string) =>
    new InputError(`${shortList(names)}: reading it takes more than ${what}: give fewer objects at a time`);
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
      // Has no effect after an answer.
      reject(new Error(`the reading of ${shortList(names)} ended without an answer (exit code ${code})`));
    });
  });
}

/**
 * What a worker posts for the work that it does.
 * @throws what is no InputError
 */
export function limitedAnswer<T>(work: () => T): LimitedAnswer<T> {
  try {
    const result = work();
    // What is posted is copied beside the memory that the worker's limit counts, and into that of the program.
    if (sizeOf(result) > MAX_RESULT_SIZE) {
      return { inputError: 'what was read comes to more than 128 MB: give fewer objects at a time' };
    }
    return { result };
  } catch (error) {
    if (error instanceof InputError) return { inputError: error.message };
    throw error;
  }
}

/** In characters, a number or a field counting as some. Counts on no further than the limit. */
const MAX_RESULT_SIZE = 128_000_000;
const SIZE_OF_NODE = 8;

function sizeOf(value: unknown, before = 0): number {
  if (typeof value === 'string') return before + value.length;
  if (typeof value !== 'object' || value === null || before > MAX_RESULT_SIZE) return before + SIZE_OF_NODE;
  return Object.entries(value).reduce((size, [key, item]) => sizeOf(item, size + key.length), before + SIZE_OF_NODE);
}

/** The first few, for a line that somebody reads. */
export function shortList(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
