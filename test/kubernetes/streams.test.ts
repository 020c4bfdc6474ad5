/** Logs over connections that break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followLog, lastLine } from '../../src/clusters/kubernetes/follow-log.ts';
import { PodLogs } from '../../src/clusters/kubernetes/pod-logs.ts';
import { within } from '../app/within.ts';
import { apiServer } from './api-server.ts';

const line = (n: number) => `2026-01-01T00:00:0${n}.5Z line ${n}\n`;
const SOURCE = { namespace: 'ns', pod: 'a', container: 'app' };

test('a log continues after a cut, a silence, an unanswered request and a message of the kubelet, with every line once', async (t) => {
  const { api, seen } = await apiServer(t, [
    (_, response) => response.writeHead(404).end(), // the kubelet does not know the pod yet
    (_, response) => response.writeHead(400).end(), // not started yet
    () => {}, // never answered
    (_, response) => response.end('failed to try resolving symlinks in path "/var/log"'),
    (_, response) => {
      response.write(line(1) + line(2) + line(3).slice(0, 26));
      setTimeout(() => response.destroy(), 50);
    },
    (_, response) => response.write(line(2) + line(3)), // and then nothing
    (_, response) => response.end(line(3) + line(4)),
    (_, response) => response.writeHead(404).end(),
  ]);
  const lines: string[] = [];
  const followed = followLog(
    api,
    { ...SOURCE, maxSilenceMs: () => 200 },
    (text) => lines.push(text),
    new AbortController().signal,
    () => false,
  );
  await within(20_000, 'the end of the log', followed);
  assert.deepEqual(lines, ['line 1', 'line 2', 'line 3', 'line 4']);
  assert.match(seen[5] ?? '', /sinceTime=2026-01-01T00%3A00%3A02\.500000000Z/);
});

test('a log ends with its pod, even without a 404', async (t) => {
  const { api, seen } = await apiServer(t, [(_, response) => response.end(line(1))]);
  const lines: string[] = [];
  await within(
    10_000,
    'the end of the log',
    followLog(
      api,
      SOURCE,
      (text) => lines.push(text),
      new AbortController().signal,
      () => true,
    ),
  );
  assert.deepEqual([lines, seen.length], [['line 1'], 1]);
});

test('the log of an app that has not logged anything is requested again, although its connection is open', async (t) => {
  const ending = new AbortController();
  t.after(() => ending.abort());
  let onAskedAnew = () => {};
  const askedAnew = new Promise<void>((resolve) => {
    onAskedAnew = resolve;
  });
  const { api } = await apiServer(t, [
    (_, response) => response.flushHeaders(), // and then nothing
    (_, response) => {
      response.write(line(1));
      onAskedAnew();
    },
  ]);
  const logs = new PodLogs(api, 'ns', ending.signal);
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'app' }] } };
  const never = () => false;
  void logs.follow(pod, never, never);
  await within(10_000, 'another request', askedAnew);
});

test('the last line of a log, or none if the kubelet is silent', async (t) => {
  const { api, seen } = await apiServer(t, [
    (_, response) => response.end(line(1) + line(2)),
    (_, response) => response.writeHead(403).end(),
    () => {}, // never answered
  ]);
  const ask = () => lastLine(api, SOURCE, new AbortController().signal);
  assert.deepEqual([await ask(), await ask(), await ask()], ['line 2', undefined, undefined]);
  assert.match(seen[0] ?? '', /tailLines=1/);
});

test('a log is read from an API server that is always slow, despite the limit on silence', async (t) => {
  const { api } = await apiServer(t, [(_, response) => void setTimeout(() => response.end(line(1)), 1500)]);
  const lines: string[] = [];
  const source = { ...SOURCE, maxSilenceMs: () => 400 };
  const over = () => lines.length > 0;
  const { signal } = new AbortController();
  await within(
    20_000,
    'the line',
    followLog(api, source, (text) => lines.push(text), signal, over),
  );
  assert.deepEqual(lines, ['line 1']);
});
