/** The thread the check runs in, so that input that takes too long or too much memory can be stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { type CheckInput, type CheckResult, check } from './check.ts';

/** What the thread answers: a result, or the one line of an InputError, which would lose its class on the way. */
export type CheckAnswer = { result: CheckResult } | { inputError: string };

parentPort?.postMessage(answer(workerData as CheckInput));

function answer(input: CheckInput): CheckAnswer {
  try {
    return { result: check(input) };
  } catch (error) {
    if (error instanceof InputError) return { inputError: error.message };
    throw error;
  }
}
