/** What `run --on kubernetes` says before it does it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LiveService } from '../../src/clusters/kubernetes/live-service.ts';
import { intentions } from '../../src/own-service/intentions.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { manifests, type Shape } from '../engine/manifests.ts';
import { MIX } from '../trials/scripted.ts';

function said(disruption: PlannedDisruption, shape: Shape = {}, repeats = 1): string[] {
  const { kind = 'Deployment', replicas = 2 } = shape;
  const service = {
    api: { context: 'here' },
    reference: { kind, name: 'web', namespace: 'shop' },
    url: 'http://shop',
    manifests: manifests({ ...shape, replicas }),
    replicas,
  } as LiveService;
  return intentions(service, { requestMix: MIX, repeats, disruption });
}

describe('before it touches a workload, run says', () => {
  const table: [what: string, disruption: PlannedDisruption, words: RegExp][] = [
    ['a restart', { kind: 'rollout' }, /^2\. restarts the Deployment web once, as kubectl rollout restart does/],
    [
      'a drain, and whom it affects',
      { kind: 'drain', node: 'n1' },
      /^2\. cordons node n1 and evicts ALL pods on it, those/,
    ],
    ['a scale-down, and its undoing', { kind: 'scale-down', replicas: 1 }, /down to 1 once, and back afterwards$/],
    [
      'a kill, and the privileged pod',
      { kind: 'restart' },
      /with SIGKILL once, from a privileged pod in shop that sees/,
    ],
    ['an eviction', { kind: 'evict' }, /^2\. evicts one pod of the Deployment web once; PodDisruptionBudgets/],
    ['a deletion', { kind: 'delete-pod' }, /^2\. deletes one pod of the Deployment web once$/],
    ['a rollback', { kind: 'rollback' }, /^2\. restarts the Deployment web, waits, and rolls that back, once/],
    ['a bad version', { kind: 'bad-version' }, /a readiness gate that nobody sets, waits for the progress deadline/],
    ['a command', { kind: 'command', command: 'helm upgrade' }, /^2\. runs once: helm upgrade$/],
  ];
  for (const [what, disruption, words] of table) test(what, () => assert.match(said(disruption)[3] ?? '', words));

  test('how often', () => assert.match(said({ kind: 'evict' }, {}, 3)[3] ?? '', /Deployment web 3 times; /));

  test('the pods and the strategy of a DaemonSet', () => {
    const [, pods] = said({ kind: 'rollout' }, { kind: 'DaemonSet', replicas: 1 });
    assert.match(pods ?? '', /^ {2}1 pod; RollingUpdate, maxSurge 0, maxUnavailable 1; grace period 30 s; /);
  });
});
