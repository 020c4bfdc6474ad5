/** The check with bounds on time and memory: a manifest may come from anyone. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';
import type { CheckInput, CheckResult } from './check.ts';
import type { CheckAnswer } from './worker.ts';

/** 10 MB that are all workloads take some 7 s; YAML made to be slow takes minutes. */
const DEADLINE_MS = 9_000;
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
    const deadline = setTimeout(() => {
      void worker.terminate();
      reject(tooMuch(`${DEADLINE_MS / 1000} s`));
    }, DEADLINE_MS);
    worker.on('message', (answer: CheckAnswer) => {
      if ('result' in answer) resolve(answer.result);
      else reject(new InputError(answer.inputError));
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`${MEMORY_MB} MB of memory`) : error);
    });
    worker.on('exit', (code) => {
      clearTimeout(deadline);
      reject(new Error(`the check ended without an answer (exit code ${code})`)); // of no effect after an answer
    });
  });
}
