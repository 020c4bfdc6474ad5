/** Which fixes are tried on a manifest, with which values, and how the change is described. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { type Advice, advise } from '../../src/analysis/advice.ts';
import { candidateFixes, replicasFix } from '../../src/find-fix/candidates.ts';
import { applyPatch, componentOf, flagsOf, mergePatches } from '../../src/find-fix/patch.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { type DeploymentSettings, deploymentFromSettings } from '../../src/own-service/deployment.ts';
import { trace } from '../analysis/story.ts';
import { manifests } from '../manifests/manifest-text.ts';

const overlay = (name: string) => readManifests(readRendered(name), name);

/** Measured: a lag of 0.9 s, so a preStop of 2 s; a longest request of 4 s. */
function measured(more: Partial<Advice> = {}): Advice {
  const unmeasured = advise([trace()]);
  return {
    ...unmeasured,
    server: { ...unmeasured.server, acceptsAfterSigtermMs: null },
    preStop: { nowSeconds: 0, neededSeconds: 2, marginMs: 1000 },
    longestRequest: { ms: 4000, cut: false },
    gracePeriod: {
      nowSeconds: 30,
      neededSeconds: 8,
      preStopMs: 2000,
      drainMs: 0,
      longestRequestMs: 4000,
      exitMs: 0,
      marginMs: 2000,
    },
    ...more,
  };
}

const OVERLAYS: [overlay: string, fixes: string[]][] = [
  ['broken-bun', ['replicas', 'graceful-shutdown', 'grace-period', 'pre-stop']],
  ['valid-node', []],
  ['without-replicas-node', ['replicas']],
  ['without-graceful-shutdown-deno', ['graceful-shutdown']],
  ['without-grace-period-bun', ['grace-period']],
  ['without-pre-stop-node', ['pre-stop']],
];

describe('the fixes to try on', () => {
  for (const [name, fixes] of OVERLAYS) {
    test(`${name} are those that it lacks`, () => {
      const { workload } = overlay(name);
      const preStop = {
        nowSeconds: workload.spec.template.spec.containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0,
      };
      const advice = measured({ preStop: { ...preStop, neededSeconds: 2, marginMs: 1000 } });
      assert.deepEqual(
        candidateFixes(workload, advice, true).fixes.map(({ fix }) => fix),
        fixes,
      );
    });
  }

  const own = (settings: DeploymentSettings, advice = measured()) =>
    candidateFixes(deploymentFromSettings(settings).workload, advice, false);
  const names = (settings: DeploymentSettings, advice?: Advice) => own(settings, advice).fixes.map(({ fix }) => fix);

  test("someone else's server: nothing in its environment", () => {
    const { fixes } = own({ replicas: 1, graceSeconds: 2 });
    assert.deepEqual(
      fixes.map(({ patch }) => patch),
      [{ replicas: 2, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, { graceSeconds: 8 }, { preStopSeconds: 2 }],
    );
  });
  test('a manifest that needs nothing: none', () => {
    assert.deepEqual(names({ replicas: 3, graceSeconds: 30, preStopSeconds: 5 }), []);
  });
  test('replicas that may all be unavailable: replicas', () => {
    assert.deepEqual(names({ replicas: 3, maxUnavailable: '100%', preStopSeconds: 5 }), ['replicas']);
  });
  test('a StatefulSet with one replica: replicas, without a surge', () => {
    const one = manifests({ deployment: { kind: 'StatefulSet', 'spec.replicas': 1 } });
    const fix = replicasFix(one.workload);
    assert.deepEqual(fix?.patch, { replicas: 2, rollingUpdate: { maxUnavailable: 1 } });
    const { workload } = applyPatch(one, fix?.patch ?? {});
    assert.ok(workload.kind === 'StatefulSet');
    assert.deepEqual(
      [workload.spec.replicas, workload.spec.updateStrategy.rollingUpdate],
      [2, { partition: 0, maxUnavailable: 1 }],
    );
    const body = parse(parse(componentOf(workload, fix?.patch ?? {})).patches[0].patch);
    assert.deepEqual([body.kind, body.spec.updateStrategy.rollingUpdate], ['StatefulSet', { maxUnavailable: 1 }]);
    assert.equal(replicasFix(workload), undefined);
  });
  test('a DaemonSet: not replicas', () => {
    assert.equal(replicasFix(manifests({ deployment: { kind: 'DaemonSet' } }).workload), undefined);
  });
  test('a manifest whose routing lag is unknown: the usual preStop', () => {
    assert.deepEqual(
      own({}, measured({ preStop: null })).fixes.map(({ patch }) => patch),
      [{ preStopSeconds: 5 }],
    );
  });
  const { server } = measured();
  const REASONS: [what: string, settings: DeploymentSettings, advice: Advice, untried: string[]][] = [
    [
      'a server that does not drain',
      {},
      measured({ server: { ...server, pods: 3, drained: 0 } }),
      [
        'replicas: has 3 already, and a rollout keeps 3 of them ready',
        'graceful-shutdown: a change to the server; it did not drain on SIGTERM (docs/recipes)',
        'grace-period: has 30 s already, and 8 s is enough',
      ],
    ],
    [
      'a server that gives up, in a manifest that needs nothing',
      { replicas: 4, maxUnavailable: 1, graceSeconds: 12, preStopSeconds: 5 },
      measured({
        preStop: { nowSeconds: 5, neededSeconds: 2, marginMs: 1000 },
        server: { ...server, gaveUp: { pods: 1, afterMs: 400 } },
      }),
      [
        'replicas: has 4 already, and a rollout keeps 3 of them ready',
        'graceful-shutdown: the server drains on SIGTERM already, and gives up too early',
        'grace-period: has 12 s already, and 11 s is enough',
        'pre-stop: has 5 s already, and 2 s is enough',
      ],
    ],
    [
      'a grace period that no pod exceeded, although it is short on paper',
      { graceSeconds: 10, preStopSeconds: 5 },
      measured({ preStop: { nowSeconds: 5, neededSeconds: 2, marginMs: 1000 } }),
      [
        'replicas: has 3 already, and a rollout keeps 3 of them ready',
        'graceful-shutdown: the server drains on SIGTERM already',
        'grace-period: has 10 s already, and no pod was killed at its end',
        'pre-stop: has 5 s already, and 2 s is enough',
      ],
    ],
    [
      'a server that answers with errors and needs no sleep',
      { graceSeconds: 30 },
      measured({
        preStop: { nowSeconds: 0, neededSeconds: 0, marginMs: 1000 },
        server: { ...server, drained: 0, turnedAway: { fresh: 1, reused: 2, inFlight: 0, status: 503 } },
      }),
      [
        'replicas: has 3 already, and a rollout keeps 3 of them ready',
        'graceful-shutdown: a change to the server; it answered 503 after SIGTERM (docs/recipes)',
        'grace-period: has 30 s already, and 6 s is enough',
        'pre-stop: not needed; the server accepts connections for long enough after SIGTERM',
      ],
    ],
  ];
  for (const [what, settings, advice, untried] of REASONS) {
    test(`${what}, with a reason for each fix that is not tried`, () => {
      assert.deepEqual(own(settings, advice).untried, untried);
    });
  }

  test('a grace period that killed a pod: a longer one', () => {
    const preStop = { nowSeconds: 5, neededSeconds: 2, marginMs: 1000 };
    const settings = { graceSeconds: 10, preStopSeconds: 5 };
    assert.deepEqual(names(settings, measured({ preStop, server: { ...server, killed: 1 } })), ['grace-period']);
  });
  test('a hook that is not a sleep: not the hook', () => {
    const { workload } = deploymentFromSettings({});
    const [container] = workload.spec.template.spec.containers;
    container.lifecycle = { preStop: { exec: { command: ['drain'] } } };
    const { fixes, untried } = candidateFixes(workload, measured(), false);
    assert.deepEqual([fixes, untried.at(-1)], [[], 'pre-stop: the manifest has its own hook, which should take 2 s']);
  });
});

describe('a change', () => {
  const broken = overlay('broken-bun');
  const { fixes } = candidateFixes(broken.workload, measured(), true);
  const patch = mergePatches(fixes.map((fix) => fix.patch));

  test('leaves nothing to change once it is applied', () => {
    const advice = measured({ preStop: { nowSeconds: 2, neededSeconds: 2, marginMs: 1000 } });
    assert.deepEqual(candidateFixes(applyPatch(broken, patch).workload, advice, true).fixes, []);
  });
  test('does not modify the manifests that it is applied to', () => {
    const before = structuredClone(broken.workload);
    applyPatch(broken, patch);
    assert.deepEqual(broken.workload, before);
  });
  test('becomes a component for that deployment and container', () => {
    const component = parse(componentOf(broken.workload, patch));
    assert.equal(component.kind, 'Component');
    const body = parse(component.patches[0].patch);
    assert.equal(body.metadata.name, 'rollout-test');
    assert.deepEqual(body.spec.strategy, {
      $patch: 'replace',
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    // preStop 2 s, drain delay 2 s, request 4 s, margin 2 s; the app's own deadline is a second earlier.
    assert.deepEqual(body.spec.template.spec, {
      terminationGracePeriodSeconds: 10,
      containers: [
        {
          name: 'app',
          lifecycle: { preStop: { sleep: { seconds: 2 } } },
          env: [
            { name: 'SHUTDOWN', value: 'drain' },
            { name: 'SHUTDOWN_DEADLINE_MS', value: '7000' },
            { name: 'DRAIN_DELAY_MS', value: '2000' },
          ],
        },
      ],
    });
  });
  test('contains only what it changes', () => {
    const body = parse(parse(componentOf(broken.workload, { graceSeconds: 9 })).patches[0].patch);
    assert.deepEqual(body.spec, { template: { spec: { terminationGracePeriodSeconds: 9 } } });
  });
  test('becomes flags', () => {
    assert.equal(flagsOf(patch), '--replicas 2 --max-surge 1 --max-unavailable 0 --grace 10 --pre-stop 2');
    assert.equal(flagsOf({ preStopSeconds: 2 }), '--pre-stop 2');
  });
});
