/**
 * Replays to the observer what a real cluster reported during a rollout (test/fixtures/rollouts, recorded by
 * tools/record-rollout.ts). The API server replays it without delays; the trial's clock is that of the recording.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { podTimeline } from '../../src/analysis/pod-timeline.ts';
import { Observer } from '../../src/clusters/kubernetes/observer.ts';
import { effectiveStrategy } from '../../src/kubernetes-rules/rounding.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import type { ClusterRecord } from '../../src/trace/cluster-record.ts';
import { within } from '../app/within.ts';
import { until } from '../cli/program.ts';
import { startApiServer } from './api-server/server.ts';
import type { StoredObject } from './api-server/store.ts';

interface Recorded {
  overlay: string;
  startedAtEpochMs: number;
  rolloutAtMs: number;
  /** By pod; each line as the kubelet sent it, with its timestamp. */
  logs: Record<string, string[]>;
  changes: { atMs: number; resource: string; type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: StoredObject }[];
}

function recordedRollout(overlay: string): Recorded {
  const file = join(import.meta.dirname, `../fixtures/rollouts/${overlay}.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The observer's record. */
async function replay(t: TestContext, recorded: Recorded): Promise<{ record: ClusterRecord; rolledOut: boolean }> {
  const { overlay, startedAtEpochMs, rolloutAtMs, logs, changes } = recorded;
  const { server, api } = await startApiServer(t);
  let nowMs = 0;
  const clock = { startedAtEpochMs, nowMs: () => nowMs, fromEpochMs: (epochMs: number) => epochMs - startedAtEpochMs };
  const ending = new AbortController();
  t.after(() => ending.abort());
  const manifests = readManifests(readRendered(overlay), overlay);
  const { signal } = ending;
  let seen = 0;
  const noteSeen = () => {
    seen++;
    server.emit('step');
  };
  const onEvent = ({ type }: { type: string }) => {
    if (type === 'Unhealthy') noteSeen();
  };
  const observer = new Observer({ api, namespace: 'ns', manifests, clock, readsAppLog: true, signal, onEvent });
  await observer.start();
  await server.watched('endpointslices', 'events', 'pods');
  // Checked after each change of a pod or slice.
  const watched = observer.until('end', 3, signal, () => {
    noteSeen();
    return false;
  });
  watched.catch(() => {});
  for (const [pod, lines] of Object.entries(logs)) {
    for (const line of lines) server.log('ns', pod).write(line.slice(line.indexOf(' ') + 1), line.split(' ')[0]);
  }
  for (const [index, { atMs, resource, type, object }] of changes.entries()) {
    if (nowMs <= rolloutAtMs && atMs > rolloutAtMs) observer.beginRollout();
    nowMs = atMs;
    const before = seen;
    const { kind, metadata } = object;
    const placed = { ...object, metadata: { ...metadata, namespace: 'ns' } };
    if (type === 'DELETED') server.store.remove(kind, 'ns', metadata.name, placed);
    else server.store.put(placed);
    const counts = resource !== 'events' || (object.type === 'Warning' && object.involvedObject.kind === 'Pod');
    if (counts) await server.until(`change ${index} to be seen`, () => seen > before);
  }
  const gone = changes.filter(({ resource, type }) => resource === 'pods' && type === 'DELETED');
  for (const { object } of gone) server.log('ns', object.metadata.name).end();
  const linesRead = () =>
    observer.record().pods.every(({ name, containers }) => containers[0]?.log?.length === logs[name]?.length);
  await within(10_000, 'the logs', until('the logs', linesRead));
  const { replicas } = effectiveStrategy(manifests.workload);
  const record = observer.record();
  const oldGone = record.pods.every(({ generation, goneMs }) => generation === 'new' || goneMs !== undefined);
  return { record, rolledOut: oldGone && observer.pods.serving(replicas) };
}

/** When the recorded pods were first seen in a state, derived from the changes themselves. */
function firstSeen({ changes }: Recorded, uid: string, holds: (object: StoredObject, type: string) => boolean) {
  return changes.find(({ object, type }) => object.metadata.uid === uid && holds(object, type))?.atMs;
}

/** What a pod logged itself, on the trial's clock. */
function logged({ logs, startedAtEpochMs }: Recorded, pod: string, event: string): number | undefined {
  const events = (logs[pod] ?? []).map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)));
  const wallMs = events.find((candidate) => candidate.event === event)?.wallMs;
  return wallMs === undefined ? undefined : wallMs - startedAtEpochMs;
}

const isReady = ({ status }: StoredObject) =>
  status?.conditions?.some(
    (condition: { type: string; status: string }) => condition.type === 'Ready' && condition.status === 'True',
  );

/**
 * `views` is the sequence of the number of pods in the EndpointSlices. The valid overlay has three replicas, and a
 * fourth while one is replaced; the broken one has one, and none in between.
 */
const table: { overlay: string; old: number; shutdown: string[]; views: number[]; runtimeVersion: string }[] = [
  {
    overlay: 'valid-bun',
    old: 3,
    shutdown: ['listening', 'sigterm', 'draining', 'stopped', 'exit'],
    views: [0, 1, 2, 3, 4, 3, 4, 3, 4, 3],
    runtimeVersion: '1.4.5',
  },
  { overlay: 'broken-node', old: 1, shutdown: ['listening'], views: [0, 1, 0, 1], runtimeVersion: '26.10.0' },
];
for (const { overlay, old, shutdown, views, runtimeVersion } of table) {
  describe(`a real rollout of ${overlay}`, () => {
    test('is recorded as it was', async (t) => {
      const recorded = recordedRollout(overlay);
      const { record, rolledOut } = await replay(t, recorded);
      assert.ok(rolledOut);
      const generations = record.pods.map(({ generation }) => generation);
      assert.deepEqual(generations, [...Array<string>(old).fill('old'), ...Array<string>(old).fill('new')]);
      for (const pod of record.pods) {
        const { uid, name } = pod;
        const timeline = podTimeline(pod);
        assert.deepEqual(
          {
            createdMs: pod.createdMs,
            readyMs: pod.readyMs,
            deletionMs: pod.deletionMs,
            goneMs: pod.goneMs,
            listeningMs: timeline.listeningMs,
            sigtermMs: timeline.sigtermMs,
            drainingMs: timeline.drainingMs,
            stoppedListeningMs: timeline.stoppedListeningMs,
          },
          {
            createdMs: firstSeen(recorded, uid, () => true),
            readyMs: firstSeen(recorded, uid, isReady),
            deletionMs: firstSeen(recorded, uid, ({ metadata }) => metadata.deletionTimestamp !== undefined),
            goneMs: firstSeen(recorded, uid, (_, type) => type === 'DELETED'),
            listeningMs: logged(recorded, name, 'listening'),
            sigtermMs: logged(recorded, name, 'sigterm'),
            drainingMs: logged(recorded, name, 'draining'),
            stoppedListeningMs: logged(recorded, name, 'stopped'),
          },
        );
        if (pod.generation === 'new') assert.equal(timeline.exitMs, undefined);
        else if (shutdown.includes('exit')) assert.equal(timeline.exitMs, logged(recorded, name, 'exit'));
        else assert.ok((timeline.exitMs ?? 0) > (pod.deletionMs ?? 0) && (timeline.exitMs ?? 0) <= (pod.goneMs ?? 0));
        const said = (recorded.logs[name] ?? []).map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)).event);
        assert.deepEqual(said, pod.generation === 'old' ? shutdown : ['listening']);
      }
      assert.deepEqual([record.runtimeVersion, record.pid1], [runtimeVersion, true]);
      assert.deepEqual(
        record.routerViews.map(({ pods }) => pods.length),
        views,
      );
    });
  });
}
