/** Watches with connections that break, servers that forget, and invalid responses. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { watchResource } from '../../src/clusters/kubernetes/watches.ts';
import { within } from '../app/within.ts';
import { cut, type Fault, gate, html, json, refuse, silent } from './api-server/faults.ts';
import { podObject } from './api-server/objects.ts';
import { type ApiServer, startApiServer } from './api-server/server.ts';

const LIST = /\/pods$/;
const WATCH = /\/pods\?.*watch=true/;
const PATH = '/api/v1/namespaces/ns/pods';

/** Watches the pods of a server that has pod `a`. `told` lists the changes in order, with "-a" for a deletion. */
async function watchPods(
  t: TestContext,
  before: (started: Awaited<ReturnType<typeof startApiServer>>) => void = () => {},
) {
  const started = await startApiServer(t);
  const { server, api } = started;
  server.store.put(podObject('a', { uid: 'a1' }));
  before(started);
  const told: string[] = [];
  const gaps: string[] = [];
  const errors: unknown[] = [];
  const ending = new AbortController();
  t.after(() => ending.abort());
  const note = (what: string) => {
    told.push(what);
    server.emit('step');
  };
  const watching = watchResource<V1Pod>(
    api,
    { path: PATH, list: () => api.core.listNamespacedPod({ namespace: 'ns' }) },
    ending.signal,
    {
      onChange: ({ metadata }) => {
        if (metadata?.name === 'throws') throw new TypeError('a bug');
        note(`${metadata?.uid}`);
      },
      onDelete: ({ metadata }) => note(`-${metadata?.uid}`),
      onGap: (error) => gaps.push(String(error)),
      onError: (error) => {
        errors.push(error);
        server.emit('step');
      },
    },
  );
  const heard = (...all: string[]) => server.until(`${all}, not ${told}`, () => String(told) === String(all));
  return { server, watching, told, gaps, errors, ending, heard };
}

test('reports what exists, and then each change once', async (t) => {
  const { server, watching, heard, gaps } = await watchPods(t);
  await watching;
  await heard('a1');
  server.store.put(podObject('b', { uid: 'b1' }));
  server.store.change('Pod', 'ns', 'b', { spec: { nodeName: 'other' } });
  server.store.remove('Pod', 'ns', 'a');
  await heard('a1', 'b1', 'b1', '-a1');
  assert.deepEqual(gaps, []);
});

test('reports what changes between the list and the watch', async (t) => {
  const slow = gate();
  const { server, watching, heard } = await watchPods(t, ({ server }) =>
    server.fault({ path: WATCH, times: 1, does: slow.does }),
  );
  await watching;
  await server.requested(WATCH);
  server.store.put(podObject('b', { uid: 'b1' }));
  server.store.remove('Pod', 'ns', 'a');
  slow.open();
  await heard('a1', 'b1', '-a1');
});

test('a watch that the server ends continues where it was, without a gap', async (t) => {
  const { server, watching, heard, gaps } = await watchPods(t);
  await watching;
  await server.watched('pods');
  server.store.put(podObject('b', { uid: 'b1' }));
  await heard('a1', 'b1');
  server.watches.end('pods');
  server.store.put(podObject('c', { uid: 'c1' }));
  await heard('a1', 'b1', 'c1');
  assert.deepEqual([gaps, server.requests(LIST).length], [[], 1]);
});

test('a watch requests bookmarks and continues from them', async (t) => {
  const { server, watching } = await watchPods(t);
  await watching;
  await server.watched('pods');
  server.store.put({ kind: 'ConfigMap', metadata: { name: 'x', namespace: 'ns' } });
  server.watches.bookmark('pods');
  const version = server.store.version;
  server.watches.end('pods');
  await server.requested(WATCH, 2);
  assert.match(server.requests(WATCH)[1]?.url ?? '', new RegExp(`resourceVersion=${version}(&|$)`));
});

describe('a gap is reported, and changes within it are not lost', () => {
  const table: [what: string, breaks: (server: ApiServer) => void][] = [
    ['a connection that is cut', (server) => server.watches.cut('pods')],
    ['a connection that is cut within an event', (server) => server.watches.cut('pods', '{"type":"ADDED","obj')],
    ['an invalid event', (server) => server.watches.end('pods', 'http: server gave up\n')],
    ['an event without an object', (server) => server.watches.end('pods', '{"type":"ADDED"}\n')],
    ['an event of a wrong type', (server) => server.watches.end('pods', '{"type":"ADDED","object":{"metadata":7}}\n')],
    [
      'a server error within the stream',
      (server) => server.watches.end('pods', '{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}\n'),
    ],
    [
      'HTML instead of the next watch',
      (server) => {
        server.fault({ path: WATCH, times: 1, does: html(200) });
        server.watches.end('pods');
      },
    ],
    [
      'a refused watch (429 with Retry-After)',
      (server) => {
        server.fault({ path: WATCH, times: 1, does: refuse(429, 'too many requests', { 'retry-after': '0' }) });
        server.watches.end('pods');
      },
    ],
    [
      'a server error (500), twice',
      (server) => {
        server.fault({ path: WATCH, times: 2, does: refuse(500, 'etcdserver: leader changed') });
        server.watches.end('pods');
      },
    ],
  ];
  for (const [what, breaks] of table) {
    test(what, async (t) => {
      const { server, watching, heard, gaps, errors } = await watchPods(t);
      await watching;
      await server.watched('pods');
      breaks(server);
      server.store.put(podObject('b', { uid: 'b1' }));
      server.store.remove('Pod', 'ns', 'a');
      await heard('a1', 'b1', '-a1');
      assert.ok(gaps.length > 0 && errors.length === 0, `${gaps} ${errors}`);
    });
  }
});

for (const goneAs of ['status', 'event'] as const) {
  describe(`a server that has forgotten the watch's version (410 as ${goneAs})`, () => {
    /** Pauses the watches during `meanwhile`, and then makes the server forget. */
    const forgotten = async (t: TestContext, meanwhile: (server: ApiServer) => void) => {
      const watched = await watchPods(t);
      const { server, watching } = watched;
      await watching;
      await server.watched('pods');
      server.watches.goneAs = goneAs;
      const later = gate();
      server.fault({ path: WATCH, times: 1, does: later.does });
      server.watches.end('pods');
      await server.requested(WATCH, 2);
      meanwhile(server);
      server.store.forget();
      later.open();
      return watched;
    };

    test('reports what was deleted and created meanwhile', async (t) => {
      const { server, heard } = await forgotten(t, ({ store }) => {
        store.remove('Pod', 'ns', 'a');
        store.put(podObject('b', { uid: 'b1' }));
      });
      await heard('a1', '-a1', 'b1');
      server.store.put(podObject('c', { uid: 'c1' }));
      await heard('a1', '-a1', 'b1', 'c1');
    });

    test('a second pod of the same name is a different pod, and the first is gone', async (t) => {
      const { heard, gaps } = await forgotten(t, ({ store }) => {
        store.remove('Pod', 'ns', 'a');
        store.put(podObject('a', { uid: 'a2' }));
      });
      await heard('a1', '-a1', 'a2');
      assert.equal(gaps.length, 1, 'what happened meanwhile was seen late');
    });

    test('does not report unchanged objects again', async (t) => {
      const { server, heard } = await forgotten(t, () => {});
      await server.requested(WATCH, 3);
      server.store.put(podObject('b', { uid: 'b1' }));
      await heard('a1', 'b1');
    });
  });
}

test('reports a repeated event once', async (t) => {
  const { server, watching, heard } = await watchPods(t);
  await watching;
  await server.watched('pods');
  const b = server.store.put(podObject('b', { uid: 'b1' }));
  server.watches.write('pods', `${JSON.stringify({ type: 'ADDED', object: b })}\n`);
  server.watches.write('pods', `${JSON.stringify({ type: 'DELETED', object: b })}\n`.repeat(2));
  server.store.put(podObject('c', { uid: 'c1' }));
  await heard('a1', 'b1', '-b1', 'c1');
});

test('a list without items is empty', async (t) => {
  const list = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1000' }, items: null };
  const { server, watching, heard } = await watchPods(t, ({ server }) => {
    server.fault({
      path: LIST,
      times: 1,
      does: json({ ...list, metadata: { resourceVersion: `${server.store.version}` } }),
    });
  });
  await watching;
  server.store.put(podObject('b', { uid: 'b1' }));
  await heard('b1');
});

test('a server that ends each watch immediately is retried with pauses', async (t) => {
  const { server, watching, ending } = await watchPods(t, ({ server }) =>
    server.fault({ path: WATCH, does: (response) => response.writeHead(200).end() }),
  );
  await watching;
  await server.requested(WATCH, 3);
  const count = server.requests(WATCH).length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  ending.abort();
  assert.ok(server.requests(WATCH).length - count <= 3, `${server.requests(WATCH).length} requests`);
});

describe('reports nothing and leaves no connection once it is aborted', () => {
  test('while it lists', async (t) => {
    const slow = gate();
    const { server, watching, ending, told } = await watchPods(t, ({ server }) =>
      server.fault({ path: LIST, does: slow.does }),
    );
    await server.requested(LIST);
    ending.abort();
    slow.open();
    await watching.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([told, server.requests(WATCH)], [[], []]);
  });

  test('while the watch is being opened', async (t) => {
    const { server, watching, ending, told } = await watchPods(t, ({ server }) =>
      server.fault({ path: WATCH, does: silent }),
    );
    await watching;
    await server.requested(WATCH);
    ending.abort();
    server.store.put(podObject('b', { uid: 'b1' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(told, ['a1']);
  });

  test('while it watches', async (t) => {
    const { server, watching, ending, told, gaps } = await watchPods(t);
    await watching;
    await server.watched('pods');
    ending.abort();
    await server.watched();
    server.store.put(podObject('b', { uid: 'b1' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([told, gaps], [['a1'], []]);
  });
});

test('an error in a handler is not lost, neither from the list nor from the watch', async (t) => {
  const { server, watching, errors } = await watchPods(t);
  await watching;
  await server.watched('pods');
  server.store.put(podObject('throws'));
  await server.until('the error', () => errors.length === 1);
  assert.match(String(errors[0]), /TypeError: a bug/);
});

describe('a failing first list ends the watch with one line', () => {
  const table: [what: string, does: Fault['does'], words: RegExp][] = [
    ['refused', refuse(403, 'pods is forbidden'), /^EnvironmentError: cannot list pods on here: pods is forbidden$/],
    ['cut', cut(), /^EnvironmentError: cannot list pods: the API server of here does not answer: /],
    ['HTML', html(200), /^EnvironmentError: cannot list pods/],
  ];
  for (const [what, does, words] of table) {
    test(what, async (t) => {
      const { watching } = await watchPods(t, ({ server }) => server.fault({ path: LIST, does }));
      await assert.rejects(within(10_000, 'its end', watching), (error: unknown) => {
        assert.match(String(error), words);
        assert.doesNotMatch(String(error), /\n/);
        return true;
      });
    });
  }
});
