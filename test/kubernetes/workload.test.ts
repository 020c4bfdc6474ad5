/** A workload that exists on a cluster: the state of its rollout, its Service, and how it is read. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { V1Service } from '@kubernetes/client-node';
import {
  assertRolls,
  type LiveWorkload,
  liveManifests,
  readWorkload,
  serviceOf,
  type WorkloadReference,
  workloadState,
} from '../../src/clusters/kubernetes/workload.ts';
import { InputError } from '../../src/errors.ts';
import { effectiveStrategy } from '../../src/kubernetes-rules/rounding.ts';
import { apiServer } from './api-server.ts';

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

const partitioned = (partition: number, status: object = {}) =>
  withUpdateStrategy({ type: 'RollingUpdate', rollingUpdate: { partition } }, status);
const daemonSet = (status: object = {}, updateStrategy: object = {}) =>
  workload({
    spec: { updateStrategy },
    status: { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, ...status },
  });
const onDelete = (status: object = {}) => withUpdateStrategy({ type: 'OnDelete' }, status);
function withUpdateStrategy(updateStrategy: object, status: object): LiveWorkload {
  return workload({
    spec: { serviceName: 'web', updateStrategy },
    status: { currentRevision: 'a', updateRevision: 'a', ...status },
  });
}

describe('a workload that a restart would not replace is rejected', () => {
  const table: [what: string, live: LiveWorkload, reference: WorkloadReference, words: RegExp][] = [
    [
      'a paused Deployment',
      workload({ spec: { paused: true } }),
      DEPLOYMENT,
      /^Deployment web in shop: it is paused, so a restart would replace no pod; run kubectl rollout resume deployment\/web -n shop first$/,
    ],
    [
      'a DaemonSet with OnDelete',
      daemonSet({}, { type: 'OnDelete' }),
      { ...DEPLOYMENT, kind: 'DaemonSet' },
      /its updateStrategy is OnDelete, so a restart would replace no pod; use --trigger/,
    ],
    [
      'a StatefulSet with OnDelete',
      onDelete(),
      STATEFUL_SET,
      /^StatefulSet web in shop: its updateStrategy is OnDelete, so a restart would replace no pod; use --trigger/,
    ],
    [
      'a StatefulSet whose partition leaves all pods as they are',
      partitioned(2),
      STATEFUL_SET,
      /has partition 2, so a restart would replace none of its 2 pods; lower the partition, or use --trigger/,
    ],
  ];
  for (const [what, live, reference, words] of table) {
    test(what, () => {
      assert.throws(
        () => assertRolls(live, reference),
        (error) => error instanceof InputError && words.test(error.message),
      );
    });
  }
  test('other workloads are accepted', () => {
    assertRolls(workload({ spec: { paused: false } }), DEPLOYMENT);
    assertRolls(statefulSet(), STATEFUL_SET);
    assertRolls(partitioned(0), STATEFUL_SET);
    assertRolls(partitioned(1), STATEFUL_SET);
    assertRolls(daemonSet(), { ...DEPLOYMENT, kind: 'DaemonSet' });
  });
});

describe('a workload that does not exist', () => {
  /**
   * The message if the namespace has these objects, by the last two parts of their paths; `forbidden` ones may not be
   * read.
   */
  async function refusal(t: TestContext, there: string[], forbidden: string[] = []): Promise<string> {
    const { api } = await apiServer(t, [
      (url, response) => {
        const path = url.pathname.split('/').slice(-2).join('/');
        const status = there.includes(path) ? 200 : forbidden.includes(path) ? 403 : 404;
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      },
    ]);
    const error = await readWorkload(api, DEPLOYMENT).catch((error: unknown) => error);
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
  const missing = 'no Deployment web in namespace shop of here';
  const only = 'only a Deployment, a StatefulSet or a DaemonSet can be measured';
  const table: [what: string, there: string[], forbidden: string[], words: string][] = [
    ['nor any other of its name', [], [], missing],
    [
      'but a StatefulSet',
      ['statefulsets/web'],
      [],
      `${missing}, but there is a StatefulSet web: name it with --statefulset web`,
    ],
    [
      'but a DaemonSet',
      ['daemonsets/web'],
      [],
      `${missing}, but there is a DaemonSet web: name it with --daemonset web`,
    ],
    ['but a Job', ['jobs/web'], ['daemonsets/web'], `${missing}, but there is a Job web: ${only}`],
    [
      'and no permission to read others',
      [],
      ['statefulsets/web', 'daemonsets/web', 'jobs/web', 'cronjobs/web'],
      missing,
    ],
  ];
  for (const [what, there, forbidden, words] of table) {
    test(what, async (t) => assert.equal(await refusal(t, there, forbidden), words));
  }
});

describe('a rollout is complete', () => {
  const table: [what: string, live: LiveWorkload, complete: boolean][] = [
    ['when every replica is updated and available', workload(), true],
    ['but not before its controller has observed the change', workload({ generation: 4 }), false],
    ['but not while an old pod remains', workload({ status: { replicas: 3 } }), false],
    ['but not while one has the old template', workload({ status: { updatedReplicas: 1 } }), false],
    ['but not while one is not available', workload({ status: { availableReplicas: 1 } }), false],
    [
      'but not while one is missing',
      workload({ status: { replicas: 1, updatedReplicas: 1, availableReplicas: 1 } }),
      false,
    ],
    ['of a StatefulSet, too', statefulSet(), true],
    ['but not of one with two revisions', statefulSet({ updateRevision: 'b' }), false],
    ['above the partition', partitioned(1, { updateRevision: 'b', updatedReplicas: 1 }), true],
    ['but not before', partitioned(1, { updateRevision: 'b', updatedReplicas: 0 }), false],
    ['whatever the revisions, with OnDelete', onDelete({ updateRevision: 'b' }), true],
    ['of a DaemonSet on every node', daemonSet(), true],
    ['but not while a node has the old template', daemonSet({ updatedNumberScheduled: 1 }), false],
    ['but not while a node has no available pod', daemonSet({ numberAvailable: 1 }), false],
    ['with OnDelete, its old pods stay', daemonSet({ updatedNumberScheduled: 0 }, { type: 'OnDelete' }), true],
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
  test('is one with a cluster IP rather than a headless one', () => {
    assert.equal(name([service('headless', { app: 'web' }, 'None'), web]), 'web');
    assert.equal(name([service('headless', { app: 'web' }, 'None')]), 'headless');
  });
  test('is the named one', () => assert.equal(name([web, service('too', { tier: 'front' })], 'too'), 'too'));
  test('must exist', () => assert.throws(() => name([other]), /^InputError: no Service in namespace shop selects/));
  test('must be unambiguous', () => {
    assert.throws(() => name([web, service('too', { tier: 'front' })]), /choose one with --service: web, too$/);
  });
  test('must select its pods even if it is named', () => {
    assert.throws(() => name([web, other], 'other'), /--service other: no Service of that name in namespace shop /);
  });
});

describe('as manifests', () => {
  const service = {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as V1Service;

  test('a Deployment is read unchanged', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } };
    const live = liveManifests(workload({ spec: { strategy } }), service, DEPLOYMENT);
    const { maxSurge, maxUnavailable } = effectiveStrategy(live.workload);
    assert.deepEqual([live.workload.kind, maxSurge, maxUnavailable], ['Deployment', 1, 0]);
    assert.equal(live.workload.spec.template.spec.terminationGracePeriodSeconds, 7);
    assert.equal(live.source, 'Deployment web in shop');
  });

  test('a StatefulSet has at most one pod less, and no surge', () => {
    const live = liveManifests(statefulSet(), service, STATEFUL_SET);
    const { maxSurge, maxUnavailable } = effectiveStrategy(live.workload);
    assert.deepEqual([live.workload.kind, maxSurge, maxUnavailable], ['StatefulSet', 0, 1]);
  });

  test('a selector with matchExpressions is read, and null counts as absent', () => {
    const selector = { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] };
    const spec = { selector, template: { ...template, metadata: { ...template.metadata, annotations: null } } };
    assert.deepEqual(liveManifests(workload({ spec }), service, DEPLOYMENT).workload.spec.selector, selector);
  });

  test('a workload without replicas is rejected', () => {
    assert.throws(() => liveManifests(workload({ spec: { replicas: 0 } }), service, DEPLOYMENT), /has no replicas/);
  });
});
