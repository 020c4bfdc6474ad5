/** What is derived from a cluster's objects, without a cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { podsInSlices } from '../../src/clusters/kubernetes/endpoint-view.ts';
import { comparable } from '../../src/clusters/kubernetes/follow-log.ts';
import { checkUrlTemplate, objectsFor } from '../../src/clusters/kubernetes/objects.ts';
import { creationTrouble, podTrouble, schedulingTrouble, unreadiness } from '../../src/clusters/kubernetes/trouble.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { readRendered } from '../../src/manifests/render-files.ts';

describe('the pods that routers use according to EndpointSlices', () => {
  const slice = (...endpoints: [pod: string, conditions: object][]): V1EndpointSlice =>
    ({
      endpoints: endpoints.map(([name, conditions]) => ({ addresses: ['10.0.0.1'], targetRef: { name }, conditions })),
    }) as V1EndpointSlice;
  const READY = { ready: true, serving: true, terminating: false };
  const TERMINATING = { ready: false, serving: true, terminating: true };
  const GONE = { ready: false, serving: false, terminating: true };
  const table: [what: string, slices: V1EndpointSlice[], pods: string[]][] = [
    ['none', [], []],
    ['the ready ones, of all slices, sorted', [slice(['b', READY]), slice(['a', READY])], ['a', 'b']],
    ['not the terminating ones while one is ready', [slice(['a', TERMINATING], ['b', READY])], ['b']],
    ['the terminating ones that serve, if none is ready', [slice(['a', TERMINATING], ['b', GONE])], ['a']],
    ['none, if none serves', [slice(['a', GONE])], []],
    ['a slice without endpoints', [{ endpoints: null } as unknown as V1EndpointSlice, slice(['a', READY])], ['a']],
    ['an old slice without serving conditions', [slice(['a', { ready: true }])], ['a']],
  ];
  for (const [what, slices, pods] of table) test(what, () => assert.deepEqual(podsInSlices(slices), pods));
});

describe('problems that waiting does not solve', () => {
  const waiting = (reason: string, message = ''): V1Pod =>
    ({
      metadata: { name: 'a' },
      status: { containerStatuses: [{ image: 'app:1', state: { waiting: { reason, message } } }] },
    }) as unknown as V1Pod;
  const table: [what: string, pod: V1Pod, said: RegExp | undefined][] = [
    [
      'a missing image',
      waiting('ErrImagePull', 'not\n found'),
      /image app:1 of pod a cannot be pulled \(ErrImagePull\): not found$/,
    ],
    ['an image that is not pulled again', waiting('ImagePullBackOff'), /cannot be pulled/],
    ['an image with an invalid name', waiting('InvalidImageName'), /cannot be pulled/],
    [
      'a missing Secret',
      waiting('CreateContainerConfigError', 'secret "s" not found'),
      /pod a cannot start .*secret "s" not found/,
    ],
    ['a crash loop', waiting('CrashLoopBackOff'), /pod a keeps exiting/],
    ['not: a container that is being created', waiting('ContainerCreating'), undefined],
    ['not: a pod without status', { metadata: { name: 'a' } }, undefined],
  ];
  for (const [what, pod, said] of table) {
    test(what, () => {
      const trouble = podTrouble([pod]);
      if (said) assert.match(trouble ?? '', said);
      else assert.equal(trouble, undefined);
    });
  }

  test('a quota, but not a service account that will be created in a moment', () => {
    const event = (message: string) => ({ type: 'Warning', reason: 'FailedCreate', message }) as CoreV1Event;
    assert.match(
      creationTrouble(event('pods "a" is forbidden: exceeded quota: q')) ?? '',
      /rejects the pods: .*exceeded quota/,
    );
    assert.equal(
      creationTrouble(event('error looking up service account x/default: serviceaccount "default" not found')),
      undefined,
    );
    assert.equal(creationTrouble({ type: 'Normal', reason: 'SuccessfulCreate' } as CoreV1Event), undefined);
  });

  test('what an unready pod waits for', () => {
    assert.equal(unreadiness(waiting('ContainerCreating')), 'pod a has not started (ContainerCreating)');
    assert.equal(unreadiness({ metadata: { name: 'a' } }), 'pod a is not ready');
  });

  test('a pod that cannot be scheduled', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }];
    assert.match(
      schedulingTrouble([{ metadata: { name: 'a' }, status: { conditions } } as V1Pod]) ?? '',
      /pod a cannot be scheduled: 0\/2/,
    );
  });
});

test('timestamps of a log sort as text, even without trailing zeros', () => {
  const times = [
    '2026-01-01T00:00:01.5Z',
    '2026-01-01T00:00:01.51Z',
    '2026-01-01T00:00:01.500000001Z',
    '2026-01-01T00:00:02Z',
  ];
  assert.deepEqual(times.map(comparable).sort(), [
    '2026-01-01T00:00:01.500000000Z',
    '2026-01-01T00:00:01.500000001Z',
    '2026-01-01T00:00:01.510000000Z',
    '2026-01-01T00:00:02.000000000Z',
  ]);
  assert.equal(comparable('failed'), undefined, "the kubelet's own word is no line of the container");
});

describe('the objects of a trial', () => {
  const manifests = readManifests(readRendered('valid-bun'), 'valid-bun');
  const image = (objects: ReturnType<typeof objectsFor>) => {
    const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as typeof manifests.workload;
    return deployment.spec.template.spec.containers[0].image;
  };
  test('are in its namespace, with unchanged images', () => {
    const objects = objectsFor(manifests, { namespace: 'ns-1' });
    assert.deepEqual(new Set(objects.map(({ metadata }) => metadata.namespace)), new Set(['ns-1']));
    assert.equal(image(objects), 'k8s-rollout-test-bun:local');
  });
  test('or with prefixed images', () => {
    assert.equal(
      image(objectsFor(manifests, { namespace: 'n', imagePrefix: 'example.com/team/' })),
      'example.com/team/k8s-rollout-test-bun:local',
    );
    assert.equal(
      image(objectsFor(manifests, { namespace: 'n' })),
      'k8s-rollout-test-bun:local',
      'the manifests stay unchanged',
    );
  });
  test('with a NodePort if the load comes from outside', () => {
    const type = (url?: string) =>
      (
        objectsFor(manifests, { namespace: 'n', ...(url ? { url } : {}) }).find(
          ({ kind }) => kind === 'Service',
        ) as unknown as { spec: { type?: string } }
      ).spec.type;
    assert.deepEqual([type(), type('http://node:{nodePort}')], [undefined, 'NodePort']);
  });
  test("a URL must lead to the trial's own Service", () => {
    checkUrlTemplate('http://node:{nodePort}');
    checkUrlTemplate('https://{namespace}.example.com');
    for (const url of ['http://node:30080', 'node:{nodePort}', 'ftp://{namespace}']) {
      assert.throws(() => checkUrlTemplate(url), /^InputError: --url /);
    }
  });
  test('or to the gateway that all trials share', () => {
    for (const url of ['http://shop.example.com', 'https://{namespace}.example.com:8443', 'http://[fd00::7]/base']) {
      checkUrlTemplate(url, true);
    }
    assert.throws(
      () => checkUrlTemplate('http://node:{nodePort}', true),
      /^InputError: --url http:\/\/node:\{nodePort\}: \{nodePort\} stands for the port of the app's Service; write that of the gateway$/,
    );
    for (const url of ['shop.example.com', 'ftp://shop.example.com', 'http://shop.example.com/?a', 'http://a b']) {
      assert.throws(() => checkUrlTemplate(url, true), /^InputError: --url /);
    }
  });
});
