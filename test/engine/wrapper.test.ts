/** A pod's wrapper is recorded when the pod is ready, and examined on request; neither changes the pod's timeline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { startClock } from '../../src/trace/clock.ts';
import { manifests } from './manifests.ts';
import { PROMPT_TIMINGS } from './rollout.ts';

const SERVER = `
process.on('SIGTERM', () => {});
require('node:http').createServer((req, res) => res.end()).listen(process.env.PORT, process.env.HOST);
`;
const READY = '{ tcpSocket: { port: 8080 }, periodSeconds: 1 }';

const CASES: [what: string, command: string[], names: string[] | undefined][] = [
  ['a shell that keeps running', ['sh', '-c', '"$0" -e "$1"; true', process.execPath, SERVER], ['sh']],
  ['a shell that execs the server', ['sh', '-c', 'exec "$0" -e "$1"', process.execPath, SERVER], undefined],
];

for (const [what, command, names] of CASES) {
  test(`the wrapper of a pod: ${what}`, {
    skip: canBePid1() ? false : 'processes cannot be distinguished here',
  }, async (t) => {
    const cluster = new LocalCluster({ images: { web: { command } }, seed: 1, timings: PROMPT_TIMINGS });
    const deployed = await cluster.deploy({
      manifests: manifests({ replicas: 1, readiness: READY }),
      clock: startClock(),
      signal: AbortSignal.timeout(60_000),
    });
    t.after(() => deployed.remove());
    await deployed.examineWrapper?.();
    const [pod, ...others] = deployed.record().pods;
    const [run, ...restarts] = pod?.containers[0]?.runs ?? [];
    assert.deepEqual([others, restarts], [[], []]);
    const stop = { handled: true, signals: [] };
    assert.deepEqual(run?.wrapper, names && { names, server: 'node', stop });
    assert.deepEqual([run?.endedMs, pod?.deletionMs], [undefined, undefined]);
  });
}
