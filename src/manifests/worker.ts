/**
 * The worker thread in which `run` reads manifests, so that input that takes too much time or memory can be stopped.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { limitedAnswer } from './limited.ts';
import { manifestsFromSources } from './manifests.ts';
import type { ReadingTask } from './read-limited.ts';

const { sources, choice } = workerData as ReadingTask;
parentPort?.postMessage(limitedAnswer(() => manifestsFromSources(sources, choice)));
