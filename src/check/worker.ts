/** The thread the check runs in, so that input that takes too long or too much memory can be stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { limitedAnswer } from '../manifests/limited.ts';
import { type CheckInput, check } from './check.ts';

parentPort?.postMessage(limitedAnswer(() => check(workerData as CheckInput)));
