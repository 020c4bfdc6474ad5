/** The order in which containers start and stop, as the kubelet's. Real waits are a few turns of the event loop here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ContainerRole,
  type OrderedContainer,
  startInOrder,
  stopInOrder,
} from '../../src/clusters/local/pod-order.ts';

/** Containers that note what happens to them. `let` decides when an awaited step is over. */
function pod(roles: Record<string, ContainerRole>) {
  const events: string[] = [];
  const steps = new Map<string, () => void>();
  const step = (name: string) =>
    new Promise<void>((resolve) => {
      steps.set(name, resolve);
    });
  const containers = Object.entries(roles).map(
    ([name, role]): OrderedContainer => ({
      role,
      passed: step(`${name} passes`),
      async start() {
        events.push(`${name} starts`);
      },
      async stop(turn) {
        events.push(`${name} hook`);
        await turn;
        events.push(`${name} signal`);
        await step(`${name} ends`);
      },
    }),
  );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const finish = async (name: string) => {
    steps.get(name)?.();
    await settled();
    return events.splice(0);
  };
  return { containers, events, finish, settled };
}

const NEVER = new Promise<void>(() => {});

describe('containers start', () => {
  test('after each init container and sidecar has passed, in their order', async () => {
    const { containers, events, finish, settled } = pod({
      app: 'app',
      log: 'app',
      a: 'init',
      proxy: 'sidecar',
      b: 'init',
    });
    void startInOrder(containers, () => false, NEVER);
    await settled();
    assert.deepEqual(events.splice(0), ['a starts']);
    assert.deepEqual(await finish('a passes'), ['proxy starts']);
    assert.deepEqual(await finish('proxy passes'), ['b starts']);
    assert.deepEqual(await finish('b passes'), ['app starts', 'log starts']);
  });

  test('no more once the pod terminates', async () => {
    const { containers, events } = pod({ app: 'app', a: 'init' });
    let ending = false;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const started = startInOrder(containers, () => ending, ended);
    ending = true;
    end();
    await started;
    assert.deepEqual(events, ['a starts']);
  });
});

describe('containers stop', () => {
  test('all at the same time without sidecars', async () => {
    const { containers, events, settled } = pod({ app: 'app', log: 'app', running: 'init' });
    void stopInOrder(containers);
    await settled();
    const names = ['app', 'log', 'running'];
    assert.deepEqual(
      events.toSorted(),
      names.flatMap((name) => [`${name} hook`, `${name} signal`]),
    );
  });

  test('before the sidecars, which get their signal in reverse order; their hooks do not wait', async () => {
    const { containers, events, finish, settled } = pod({ app: 'app', log: 'app', first: 'sidecar', last: 'sidecar' });
    const stopped = stopInOrder(containers);
    await settled();
    assert.deepEqual(events.splice(0).toSorted(), [
      'app hook',
      'app signal',
      'first hook',
      'last hook',
      'log hook',
      'log signal',
    ]);
    assert.deepEqual(await finish('app ends'), []);
    assert.deepEqual(await finish('log ends'), ['last signal']);
    assert.deepEqual(await finish('last ends'), ['first signal']);
    await finish('first ends');
    await stopped;
  });
});
