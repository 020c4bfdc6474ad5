/** A workload that is on a cluster already: how far its rollout is, its Service, and how it is read. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1Service } from '@kubernetes/client-node';
import {
  type LiveWorkload,
  liveManifests,
  serviceOf,
  type WorkloadReference,
  workloadState,
} from '../../src/clusters/kubernetes/workload.ts';
import { effectiveStrategy } from '../../src/kubernetes-rules/rounding.ts';

const DEPLOYMENT: WorkloadReference = { kind: 'Deployment', name: 'web', namespace: 'shop' };
const STATEFUL_SET: WorkloadReference = { kind: 'StatefulSet', name: 'web', namespace: 'shop' };

const template = {
  metadata: { labels: { app: 'web', tier: 'front' } },
  spec: { terminationGracePeriodSeconds: 7, containers: [{ name: 'web' }] },
};

function workload(parts: { spec?: object; status?: object; generation?: number } = {}): LiveWorkload {
  return {
    metadata: { name: 'web', namespace: 'shop', generation: parts.generation ?? 3 },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template, ...parts.spec },
    status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...parts.status },
  } as LiveWorkload;
}

const statefulSet = (status: object = {}) =>
  workload({ spec: { serviceName: 'web' }, status: { currentRevision: 'a', updateRevision: 'a', ...status } });

describe('a rollout is complete', () => {
  const table: [what: string, live: LiveWorkload, complete: boolean][] = [
    ['when every replica is updated and available', workload(), true],
    ['but not before its controller has seen the change', workload({ generation: 4 }), false],
    ['but not while an old pod is left', workload({ status: { replicas: 3 } }), false],
    ['but not while one is of the old template', workload({ status: { updatedReplicas: 1 } }), false],
    ['but not while one is not available', workload({ status: { availableReplicas: 1 } }), false],
    [
      'but not while one is missing',
      workload({ status: { replicas: 1, updatedReplicas: 1, availableReplicas: 1 } }),
      false,
    ],
    ['of a StatefulSet, too', statefulSet(), true],
    ['but not of one with two revisions', statefulSet({ updateRevision: 'b' }), false],
  ];
  for (const [what, live, complete] of table) test(what, () => assert.equal(workloadState(live).complete, complete));
});

describe('its Service', () => {
  const service = (name: string, selector: object | undefined, clusterIP = '10.0.0.1') =>
    ({ metadata: { name }, spec: { selector, clusterIP, ports: [{ port: 80 }] } }) as V1Service;
  const web = service('web', { app: 'web' });
  const other = service('other', { app: 'other' });
  const name = (services: V1Service[], named?: string) =>
    serviceOf(workload(), services, named, DEPLOYMENT).metadata?.name;

  test('is the one that selects its pods', () => assert.equal(name([other, web, service('none', undefined)]), 'web'));
  test('is the one with an address before a headless one', () => {
    assert.equal(name([service('headless', { app: 'web' }, 'None'), web]), 'web');
    assert.equal(name([service('headless', { app: 'web' }, 'None')]), 'headless');
  });
  test('is the one that is named', () => assert.equal(name([web, service('too', { tier: 'front' })], 'too'), 'too'));
  test('must be there', () => assert.throws(() => name([other]), /^InputError: no Service in namespace shop selects/));
  test('must be clear', () => {
    assert.throws(() => name([web, service('too', { tier: 'front' })]), /choose one with --service: web, too$/);
  });
  test('must select its pods where it is named', () => {
    assert.throws(() => name([web, other], 'other'), /--service other: namespace shop has no such Service/);
  });
});

describe('as manifests', () => {
  const service = {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as V1Service;

  test('a Deployment is read as it is', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } };
    const live = liveManifests(workload({ spec: { strategy } }), service, DEPLOYMENT);
    const { maxSurge, maxUnavailable } = effectiveStrategy(live.workload);
    assert.deepEqual([live.workload.kind, maxSurge, maxUnavailable], ['Deployment', 1, 0]);
    assert.equal(live.workload.spec.template.spec.terminationGracePeriodSeconds, 7);
    assert.equal(live.source, 'Deployment web in shop');
  });

  test('a StatefulSet has one pod less at a time, and none more', () => {
    const live = liveManifests(statefulSet(), service, STATEFUL_SET);
    const { maxSurge, maxUnavailable } = effectiveStrategy(live.workload);
    assert.deepEqual([live.workload.kind, maxSurge, maxUnavailable], ['StatefulSet', 0, 1]);
  });

  test('a selector by expression is read, and a null is nothing', () => {
    const selector = { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] };
    const spec = { selector, template: { ...template, metadata: { ...template.metadata, annotations: null } } };
    assert.deepEqual(liveManifests(workload({ spec }), service, DEPLOYMENT).workload.spec.selector, selector);
  });

  test('what has no pods is refused', () => {
    assert.throws(() => liveManifests(workload({ spec: { replicas: 0 } }), service, DEPLOYMENT), /has no replicas/);
  });
});
