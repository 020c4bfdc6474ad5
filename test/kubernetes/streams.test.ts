/** Logs and watches over connections that break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { followLog, lastLine } from '../../src/clusters/kubernetes/follow-log.ts';
import { PodLogs } from '../../src/clusters/kubernetes/pod-logs.ts';
import { watchResource } from '../../src/clusters/kubernetes/watches.ts';
import { within } from '../app/within.ts';
import { apiServer } from './api-server.ts';

const line = (n: number) => `2026-01-01T00:00:0${n}.5Z line ${n}\n`;
const SOURCE = { namespace: 'ns', pod: 'a', container: 'app' };

test('a log goes on after a cut, a silence, a request nobody answers and words of the kubelet, with every line once', async (t) => {
  const { api, seen } = await apiServer(t, [
    (_, response) => response.writeHead(404).end(), // the kubelet has not heard of it yet
    (_, response) => response.writeHead(400).end(), // not started yet
    () => {}, // never answered
    (_, response) => response.end('failed to try resolving symlinks in path "/var/log"'),
    (_, response) => {
      response.write(line(1) + line(2) + line(3).slice(0, 26));
      setTimeout(() => response.destroy(), 50);
    },
    (_, response) => response.write(line(2) + line(3)), // and then nothing for ever
    (_, response) => response.end(line(3) + line(4)),
    (_, response) => response.writeHead(404).end(),
  ]);
  const lines: string[] = [];
  const followed = followLog(
    api,
    { ...SOURCE, believedSilenceMs: () => 200 },
    (text) => lines.push(text),
    new AbortController().signal,
    () => false,
  );
  await within(20_000, 'the end of the log', followed);
  assert.deepEqual(lines, ['line 1', 'line 2', 'line 3', 'line 4']);
  assert.match(seen[5] ?? '', /sinceTime=2026-01-01T00%3A00%3A02\.500000000Z/);
});

test('a log ends with its pod, without waiting for a 404 that never comes', async (t) => {
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

test('the log of an app that has said nothing yet is asked for anew, though its connection is open', async (t) => {
  const ending = new AbortController();
  t.after(() => ending.abort());
  let onAskedAnew = () => {};
  const askedAnew = new Promise<void>((resolve) => {
    onAskedAnew = resolve;
  });
  const { api } = await apiServer(t, [
    (_, response) => response.flushHeaders(), // and then nothing for ever
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

test('the last line of a log, or none where the kubelet is silent', async (t) => {
  const { api, seen } = await apiServer(t, [
    (_, response) => response.end(line(1) + line(2)),
    (_, response) => response.writeHead(403).end(),
    () => {}, // never answered
  ]);
  const ask = () => lastLine(api, SOURCE, new AbortController().signal);
  assert.deepEqual([await ask(), await ask(), await ask()], ['line 2', undefined, undefined]);
  assert.match(seen[0] ?? '', /tailLines=1/);
});

test('a watch goes on after a cut, and lists anew when the server has forgotten (410 Gone)', async (t) => {
  const pod = (name: string, version: string): V1Pod => ({
    metadata: { name, namespace: 'ns', resourceVersion: version, uid: name },
  });
  const told = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  const { api, seen } = await apiServer(t, [
    (_, response) => response.end(told('ADDED', pod('b', '11'))), // and the connection ends
    (_, response) => {
      response.write(told('MODIFIED', pod('b', '12')));
      setTimeout(() => response.destroy(), 50);
    },
    (_, response) => response.end(told('ERROR', { kind: 'Status', code: 410 })),
    (_, response) => response.write(told('ADDED', pod('d', '31'))),
  ]);
  const lists = [
    { metadata: { resourceVersion: '10' }, items: [pod('a', '9')] },
    { metadata: { resourceVersion: '30' }, items: [pod('b', '12'), pod('c', '29')] },
  ];
  let listed = 0;
  const events: string[] = [];
  const ending = new AbortController();
  t.after(() => ending.abort());
  await within(
    10_000,
    'all of it',
    new Promise<void>((resolve) => {
      void watchResource<V1Pod>(
        api,
        '/api/v1/namespaces/ns/pods',
        async () => lists[Math.min(listed++, 1)] as never,
        ending.signal,
        {
          onChange({ metadata }) {
            events.push(`${metadata?.name}@${metadata?.resourceVersion}`);
            if (metadata?.name === 'd') resolve();
          },
          onDelete: ({ metadata }) => events.push(`-${metadata?.name}`),
          onGap: () => events.push('gap'),
        },
      );
    }),
  );
  assert.deepEqual(
    events,
    ['a@9', 'b@11', 'b@12', 'gap', '-a', 'c@29', 'd@31'].filter((event) => events.includes(event)),
  );
  assert.ok(events.includes('c@29') && events.includes('-a'), `${events}`);
  assert.equal(listed, 2);
  assert.match(seen[1] ?? '', /resourceVersion=11/);
});
