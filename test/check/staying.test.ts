import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stayOf } from '../../src/check/staying.ts';
import type { LifecycleHandler } from '../../src/kubernetes-rules/written-objects.ts';

describe('how long a preStop hook takes', () => {
  const table: [hook: LifecycleHandler, seconds: number | undefined, serves?: number, quits?: string][] = [
    [{ sleep: { seconds: 7 } }, 7],
    [{ exec: { command: ['sleep', '5'] } }, 5],
    [{ exec: { command: ['/usr/bin/sleep', '5s'] } }, 5],
    [{ exec: { command: ['sleep', '1m', '30'] } }, 90],
    [{ exec: { command: ['sh', '-c', 'sleep 5'] } }, 5],
    [{ exec: { command: ['/bin/bash', '-ec', 'exec sleep 2.5'] } }, 2.5],
    [{ exec: { command: ['sh', '-c', 'sleep 5 && nginx -s quit && sleep 10'] } }, 15, 5, 'nginx -s quit'],
    [{ exec: { command: ['/usr/sbin/nginx', '-s', 'quit'] } }, undefined, 0, '/usr/sbin/nginx -s quit'],
    [
      { exec: { command: ['sh', '-c', 'kill -SIGQUIT 1; while pgrep app; do sleep 1; done'] } },
      undefined,
      0,
      'kill -SIGQUIT 1',
    ],
    [{ exec: { command: ['sh', '-c', 'apachectl -k graceful-stop; sleep 30'] } }, 30, 0, 'apachectl -k graceful-stop'],
    [{ exec: { command: ['sh', '-c', 'echo bye; sleep 3; exec kill 1'] } }, 3, 3, 'kill 1'],
    [{ exec: { command: ['sh', '-c', 'kill -HUP 1; sleep 5'] } }, 5],
    [{ exec: { command: ['sh', '-c', 'kill -0 1 && sleep 5'] } }, 5],
    [{ exec: { command: ['sh', '-c', '/drain && kill -TERM 1'] } }, undefined],
    [{ exec: { command: ['sh', '-c', 'echo sleep 5'] } }, undefined],
    [{ exec: { command: ['sh', '-c', 'sleep $WAIT'] } }, undefined],
    [{ exec: { command: ['sleep', 'infinity'] } }, undefined],
    [{ exec: { command: ['/drain.sh'] } }, undefined],
    [{ exec: {} }, undefined],
    [{ httpGet: { port: 8080 } }, undefined],
  ];
  for (const [preStop, seconds, serves, quits] of table) {
    test(`${JSON.stringify(preStop)}: ${seconds ?? 'unknown'}`, () => {
      const stay = stayOf({ name: 'app', lifecycle: { preStop } }, 2);
      const stays =
        quits === undefined
          ? { atLeastSeconds: (seconds ?? 0) + 2, isKnown: seconds !== undefined }
          : { atLeastSeconds: serves, isKnown: true, quits };
      assert.deepEqual(stay, { preStopSeconds: seconds, drainDelaySeconds: 2, ...stays });
    });
  }
});

describe('the drain delay', () => {
  const delay = (image: string, value: string | undefined) => {
    const env = [{ name: 'DRAIN_DELAY_MS', ...(value !== undefined && { value }) }];
    return stayOf({ name: 'app', image, env }, 3).drainDelaySeconds;
  };
  test("of this project's images comes from their variable", () => {
    assert.equal(delay('k8s-rollout-test-deno', '2500'), 2.5);
    assert.equal(delay('a.example/b/k8s-rollout-test-node@sha256:0', undefined), 0);
  });
  test('of other images comes from the command line', () => assert.equal(delay('shop:1', '2500'), 3));
});
