/** Which fixes are tried on a manifest, with which values, and how the change is told. */
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

describe('the fixes for', () => {
  for (const [name, fixes] of OVERLAYS) {
    test(`${name} are those it lacks`, () => {
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

  test("a stranger's server do not touch its environment", () => {
    const { fixes } = own({ replicas: 1, graceSeconds: 2 });
    assert.deepEqual(
      fixes.map(({ patch }) => patch),
      [{ replicas: 2, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, { graceSeconds: 8 }, { preStopSeconds: 2 }],
    );
  });
  test('a manifest that has enough of everything are none', () => {
    assert.deepEqual(names({ replicas: 3, graceSeconds: 30, preStopSeconds: 5 }), []);
  });
  test('many replicas that may all be away are replicas', () => {
    assert.deepEqual(names({ replicas: 3, maxUnavailable: '100%', preStopSeconds: 5 }), ['replicas']);
  });
  test('a StatefulSet of one are replicas, without a surge', () => {
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
  test('a DaemonSet are not replicas', () => {
    assert.equal(replicasFix(manifests({ deployment: { kind: 'DaemonSet' } }).workload), undefined);
  });
  test('an unmeasured lag are the usual preStop', () => {
    assert.deepEqual(
      own({}, measured({ preStop: null })).fixes.map(({ patch }) => patch),
      [{ preStopSeconds: 5 }],
    );
  });
  test('a server that does not drain name the handler that it lacks', () => {
    const server = { ...measured().server, pods: 3, drained: 0 };
    assert.match(own({}, measured({ server })).untried.join(), /^graceful shutdown: the server did not drain/);
    assert.deepEqual(own({}, measured({ server: { ...server, drained: 3 } })).untried, []);
  });
  test('a hook that is no sleep leave it alone', () => {
    const { workload } = deploymentFromSettings({});
    const [container] = workload.spec.template.spec.containers;
    container.lifecycle = { preStop: { exec: { command: ['drain'] } } };
    const { fixes, untried } = candidateFixes(workload, measured(), false);
    assert.deepEqual([fixes, untried], [[], ['preStop: the manifest has a hook of its own; it should take 2 s']]);
  });
});

describe('a change', () => {
  const broken = overlay('broken-bun');
  const { fixes } = candidateFixes(broken.workload, measured(), true);
  const patch = mergePatches(fixes.map((fix) => fix.patch));

  test('leaves nothing to change once it is made', () => {
    const advice = measured({ preStop: { nowSeconds: 2, neededSeconds: 2, marginMs: 1000 } });
    assert.deepEqual(candidateFixes(applyPatch(broken, patch).workload, advice, true).fixes, []);
  });
  test('does not change the manifests it was made to', () => {
    const before = structuredClone(broken.workload);
    applyPatch(broken, patch);
    assert.deepEqual(broken.workload, before);
  });
  test('is a component for that deployment and container', () => {
    const component = parse(componentOf(broken.workload, patch));
    assert.equal(component.kind, 'Component');
    const body = parse(component.patches[0].patch);
    assert.equal(body.metadata.name, 'rollout-test');
    assert.deepEqual(body.spec.strategy, {
      $patch: 'replace',
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    // preStop 2 s, drain delay 2 s, request 4 s, margin 2 s; the app's own deadline a second before.
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
  test('is no more than what it changes', () => {
    const body = parse(parse(componentOf(broken.workload, { graceSeconds: 9 })).patches[0].patch);
    assert.deepEqual(body.spec, { template: { spec: { terminationGracePeriodSeconds: 9 } } });
  });
  test('is told as flags', () => {
    assert.equal(flagsOf(patch), '--replicas 2 --max-surge 1 --max-unavailable 0 --grace 10 --pre-stop 2');
    assert.equal(flagsOf({ preStopSeconds: 2 }), '--pre-stop 2');
  });
});
