/**
 * The worker thread in which `run` reads manifests, so that input that takes too much time or memory can be stopped.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { limitedAnswer } from './limited.ts';
import { readManifests } from './manifests.ts';
import type { ManifestSource } from './yaml-documents.ts';

const { name, text } = workerData as ManifestSource;
parentPort?.postMessage(limitedAnswer(() => readManifests(text, name)));
