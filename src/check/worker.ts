/** The thread the check runs in, so that input that takes too long or too much memory can be stopped. */
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
