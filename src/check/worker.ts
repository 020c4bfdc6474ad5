/** The worker thread in which the check runs, so that input that takes too much time or memory can be stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { limitedAnswer } from '../manifests/limited.ts';
import { check } from './check.ts';
import { readDockerfile } from './dockerfile.ts';
import type { CheckTask } from './limited.ts';

const task = workerData as CheckTask;
parentPort?.postMessage(
  limitedAnswer(() =>
    'check' in task ? check(task.check) : readDockerfile(task.dockerfile.text, task.dockerfile.name),
  ),
);
