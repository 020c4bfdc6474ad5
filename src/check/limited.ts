/** The check with bounds on time and memory: a manifest may come from anyone. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';
import type { CheckInput, CheckResult } from './check.ts';
import type { CheckAnswer } from './worker.ts';

/**
 * Of processor time, so that a busy machine refuses nothing that an idle one takes. 10 MB that are all workloads need
 * some 7 s; YAML made to be slow takes minutes.
 */
const PROCESSOR_SECONDS = 15;
const POLL_MS = 100;
const MEMORY_MB = 1024;

/** @throws InputError as `check` does, and where the input takes more than the bounds */
export function checkWithinLimits(input: CheckInput): Promise<CheckResult> {
  const names = [...input.manifests.map(({ name }) => name), ...(input.dockerfile ? [input.dockerfile.file] : [])];
  const tooMuch = (what: string) =>
    new InputError(`${names.join(', ')}: reading it takes more than ${what}: check fewer objects at a time`);
  const worker = new Worker(projectFile('dist/check-worker.js'), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  return new Promise<CheckResult>((resolve, reject) => {
    const before = process.cpuUsage();
    const poll = setInterval(() => {
      const { user, system } = process.cpuUsage(before); // in µs
      if ((user + system) / 1e6 < PROCESSOR_SECONDS) return;
      clearInterval(poll);
      void worker.terminate();
      reject(tooMuch(`${PROCESSOR_SECONDS} s of processor time`));
    }, POLL_MS);
    worker.on('message', (answer: CheckAnswer) => {
      if ('result' in answer) resolve(answer.result);
      else reject(new InputError(answer.inputError));
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`${MEMORY_MB} MB of memory`) : error);
    });
    worker.on('exit', (code) => {
      clearInterval(poll);
      reject(new Error(`the check ended without an answer (exit code ${code})`)); // of no effect after an answer
    });
  });
}
