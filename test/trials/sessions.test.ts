/** Sessions through a rollout of real servers: those that end in order, and those that are cut, with their causes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import { analyse } from '../../src/analysis/result.ts';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import { builtinLoad } from '../../src/load/builtin/builtin.ts';
import { requestMixFromSettings } from '../../src/load/request-settings.ts';
import { deploymentFromSettings, OWN_CONTAINER } from '../../src/own-service/deployment.ts';
import { Trace } from '../../src/trace/trace.ts';
import { runTrial } from '../../src/trials/trial.ts';
import { PROMPT_TIMINGS } from '../engine/rollout.ts';

const SERVER = join(import.meta.dirname, '..', 'fixtures', 'servers', 'sessions.mjs');
const CLIENTS = 8;
const GRACE_S = 4;

async function rolled(mode: string): Promise<Trace> {
  const images = { [OWN_CONTAINER]: { command: [process.execPath, SERVER, mode] } };
  const requestMix = requestMixFromSettings({
    scenarios: ['events', 'websocket'],
    eventsPath: '/events',
    wsPath: '/ws',
    sessions: CLIENTS,
  });
  const identity = {
    runtime: 'own',
    runtimeVersion: '',
    variant: 'own',
    repeat: 0,
    cluster: 'local',
    run: 'r',
    seed: 1,
  };
  const trace = await runTrial(
    {
      manifests: deploymentFromSettings({ replicas: 2, graceSeconds: GRACE_S }),
      requestMix,
      control: false,
      identity: { ...identity, load: 'builtin' },
    },
    new LocalCluster({ images, seed: 1, timings: PROMPT_TIMINGS }),
    builtinLoad,
    AbortSignal.timeout(60_000),
  );
  return Trace.parse(JSON.parse(JSON.stringify(trace)));
}

describe('a rollout of a server that', { concurrency: 3 }, () => {
  test('ends its sessions in order breaks none', async () => {
    const result = analyse(await rolled('ends'));
    assert.deepEqual(result.invalidReasons, []);
    for (const [scenario, figures] of Object.entries(result.sessions ?? {})) {
      const { inOrder, cut, closeCodes, stillWithout, clients } = figures;
      assert.ok(inOrder >= CLIENTS && cut === 0, JSON.stringify(figures));
      assert.deepEqual([clients, stillWithout], [CLIENTS, 0]);
      assert.deepEqual(Object.keys(closeCodes), scenario === 'websocket' ? ['1001'] : []);
      assert.ok(figures.withoutSessionMs.max > 0 && (figures.busiestPod?.attemptsPerSecond ?? 0) > 0);
      assert.equal(figures.spread?.pods, 2);
    }
    // Without a preStop hook, clients that come back may meet a pod that does not listen any more.
    assert.deepEqual(result.causes['no-graceful-shutdown'] + result.causes['grace-too-short'], 0);
  });

  const cutting: [what: string, mode: string, neverEnded: boolean][] = [
    ['exits at once', 'cuts', false],
    ['waits for its sessions until SIGKILL', 'waits', true],
  ];
  for (const [what, mode, neverEnded] of cutting) {
    test(`${what} cuts each of them, and the advice is to end them`, async () => {
      const trace = await rolled(mode);
      const result = analyse(trace);
      const cut = Object.values(result.sessions ?? {}).reduce((sum, figures) => sum + figures.cut, 0);
      assert.ok(cut >= 2 * CLIENTS, JSON.stringify(result.sessions));
      assert.equal(result.sessions?.websocket?.inOrder, 0);
      const cause: CauseId = 'no-graceful-shutdown';
      assert.equal(result.causes[cause], cut, JSON.stringify(result.causes));
      const { changes, server } = advise([trace]);
      assert.ok(changes.some(({ change, removes }) => change === 'end-sessions' && removes === cut));
      assert.equal(server.sessions?.neverEnded, neverEnded ? cut : 0);
    });
  }
});
