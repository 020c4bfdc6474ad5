/** The delays of a real cluster, derived from its traces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import { timingsFromTraces } from '../../tools/timings/timings-from-traces.ts';
import { pod, trace } from '../analysis/story.ts';

const listening = (monoMs: number) => [JSON.stringify({ event: 'listening', monoMs }), 'and something that is no JSON'];

const logged = (log: string[], record: PodRecord): PodRecord => ({
  ...record,
  containers: record.containers.map((container) => ({ ...container, log })),
});

test('start, controllers and EndpointSlice are derived from the times of pods and views', () => {
  const story = trace({
    pods: [
      logged(
        listening(100),
        pod('old-1', { createdMs: 0, listeningMs: 400, readyMs: 1000, deletionMs: 5000, exitMs: 9000 }),
      ),
      logged(listening(200), pod('new-1', { createdMs: 9800, listeningMs: 10_500, readyMs: 11_000 })),
    ],
    routerViews: [
      { router: 'EndpointSlice', atMs: 1010, pods: ['old-1'] },
      { router: 'EndpointSlice', atMs: 6000, pods: [] },
      { router: 'EndpointSlice', atMs: 11_030, pods: ['new-1'] },
    ],
  });
  const rolling = trace({
    pods: [
      pod('old-1', { deletionMs: 5050 }),
      pod('old-2', { deletionMs: 7100 }),
      pod('new-1', { readyMs: 5000 }),
      pod('new-2', { readyMs: 7000 }),
    ],
  });
  const { containerStartMs, controllerMs, endpointSliceMs } = timingsFromTraces([
    { ...story, settings: { ...story.settings, strategy: 'Recreate' } },
    rolling,
  ]);
  assert.deepEqual([controllerMs.at(0), controllerMs.at(-1)], [50, 100]);
  assert.deepEqual([containerStartMs.at(0), containerStartMs.at(-1)], [300, 500]);
  assert.deepEqual([endpointSliceMs.at(0), endpointSliceMs.at(-1)], [10, 30]);
  assert.equal(containerStartMs.length, 11);
});

test('what no trace shows is an error, not a guess', () => {
  assert.throws(
    () => timingsFromTraces([trace({ pods: [] })]),
    /containerStartMs: cannot be derived from these traces/,
  );
});
