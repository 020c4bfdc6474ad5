/** What the observer takes from a namespace where other things happen too. The API server is a script. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { Observer } from '../../src/clusters/kubernetes/observer.ts';
import { startClock } from '../../src/trace/clock.ts';
import { within } from '../app/within.ts';
import { manifests } from '../engine/manifests.ts';
import { apiServer } from './api-server.ts';

const APIS: Record<string, string> = { pods: 'v1', events: 'v1', endpointslices: 'discovery.k8s.io/v1' };

interface Involved {
  kind: string;
  name: string;
  uid?: string;
}

let versions = 0;
const event = (reason: string, message: string, involvedObject: Involved) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `e${versions}`, namespace: 'ns', uid: `e${versions}`, resourceVersion: String(++versions) },
  type: 'Warning',
  reason,
  message,
  involvedObject,
});
const QUOTA = 'pods "x" is forbidden: exceeded quota: q';
const quotaFor = (kind: string, name: string) => event('FailedCreate', QUOTA, { kind, name });

const pod = (name: string, uid: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, uid, namespace: 'ns', resourceVersion: String(++versions), labels: { app: 'web' } },
  spec: { nodeName: 'node1' },
  status: { phase: 'Running' },
});

/** An observer of the Deployment `web`, and how to make its API server tell of more. */
async function observe(t: TestContext, listed: Record<string, object[]> = {}) {
  const open = new Map<string, ServerResponse>();
  let onAllOpen = () => {};
  const allOpen = new Promise<void>((resolve) => {
    onAllOpen = resolve;
  });
  const { api } = await apiServer(t, [
    (url, response) => {
      const resource = url.pathname.split('/').at(-1) ?? '';
      response.setHeader('content-type', 'application/json');
      if (url.searchParams.get('watch') === 'true') {
        response.flushHeaders();
        open.set(resource, response);
        if (open.size === Object.keys(APIS).length) onAllOpen();
        return;
      }
      const items = listed[resource] ?? [];
      response.end(
        JSON.stringify({ apiVersion: APIS[resource], kind: 'List', metadata: { resourceVersion: '1' }, items }),
      );
    },
  ]);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const observer = new Observer({
    api,
    namespace: 'ns',
    manifests: manifests(),
    clock: startClock(),
    asksApp: false,
    signal: ending.signal,
  });
  await within(5000, 'the first lists', observer.start());
  const says = (resource: string, object: object, type = 'ADDED') =>
    open.get(resource)?.write(`${JSON.stringify({ type, object })}\n`);
  await within(5000, 'the watches', allOpen);
  /** Resolves once a last event has been seen, with the reasons of all that were taken. */
  const taken = async () => {
    const message = `of ${versions}`;
    says('events', event('Last', message, { kind: 'Deployment', name: 'web' }));
    const last = () => observer.record().events.some((seen) => seen.message === message);
    const seen = observer.until('see the last event', ending.signal, last);
    const poll = setInterval(() => observer.wake(), 5);
    await within(5000, 'the last event', seen).finally(() => clearInterval(poll));
    return observer.record().events.filter(({ type }) => type !== 'Last');
  };
  /** Resolves once so many pods have been seen. */
  const seenPods = (count: number) =>
    within(
      5000,
      'the pods',
      observer.until('be seen', ending.signal, () => observer.record().pods.length === count),
    );
  return { says, taken, seenPods };
}

describe('pods that may not be made', () => {
  const ours: [what: string, kind: string, name: string][] = [
    ['by one of its ReplicaSets', 'ReplicaSet', 'web-5d4f8c7b9x'],
    ['by a StatefulSet of that name', 'StatefulSet', 'web'],
  ];
  for (const [what, kind, name] of ours) {
    test(`${what}, end the trial`, async (t) => {
      const { says, taken } = await observe(t);
      says('events', quotaFor(kind, name));
      await assert.rejects(taken(), /^EnvironmentError: test: the cluster refuses the pods: pods "x" is forbidden/);
    });
  }

  const others: [what: string, kind: string, name: string][] = [
    ['of a Deployment whose name begins alike', 'ReplicaSet', 'web-api-5d4f8c7b9x'],
    ['of another Deployment', 'ReplicaSet', 'shop-5d4f8c7b9x'],
    ['of a Job', 'Job', 'web'],
    ['of a DaemonSet', 'DaemonSet', 'web'],
  ];
  for (const [what, kind, name] of others) {
    test(`${what}, are no matter of ours`, async (t) => {
      const { says, taken } = await observe(t);
      says('events', quotaFor(kind, name));
      assert.deepEqual(await taken(), []);
    });
  }

  test('before the trial, do not end it; again during it, they do', async (t) => {
    const old = quotaFor('ReplicaSet', 'web-5d4f8c7b9x');
    const { says, taken } = await observe(t, { events: [old] });
    assert.deepEqual(await taken(), []);
    const again = { ...old, count: 2, metadata: { ...old.metadata, resourceVersion: String(++versions) } };
    says('events', again, 'MODIFIED');
    await assert.rejects(taken(), /the cluster refuses the pods/);
  });
});

test("a pod's preStop hook that failed is told with the pod's uid, and no other pod's is", async (t) => {
  const { says, taken, seenPods } = await observe(t, { pods: [pod('web-0', 'u1')] });
  says('pods', { ...pod('web-0', 'u1') }, 'DELETED');
  says('pods', pod('web-0', 'u2'));
  await seenPods(2); // the two watches are two connections
  const failed = (name: string, uid: string) =>
    event('FailedPreStopHook', 'PreStopHook failed', { kind: 'Pod', name, uid });
  says('events', failed('web-0', 'u1'));
  says('events', failed('web-0', 'u2'));
  says('events', failed('shop-0', 'u3'));
  const events = (await taken()).map(({ type, pod, message }) => ({ type, pod, message }));
  assert.deepEqual(events, [
    { type: 'FailedPreStopHook', pod: { uid: 'u1', name: 'web-0' }, message: 'PreStopHook failed' },
    { type: 'FailedPreStopHook', pod: { uid: 'u2', name: 'web-0' }, message: 'PreStopHook failed' },
  ]);
});
