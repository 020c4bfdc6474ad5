/** Which pods and nodes the settings of a Service leave to choose from. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthyNodes, publishedEndpoints, staysOnNode } from '../../src/clusters/local/service-traffic.ts';
import { usableEndpoints } from '../../src/kubernetes-rules/usable-endpoints.ts';
import { manifests } from '../manifests/manifest-text.ts';

const service = (spec: Record<string, unknown> = {}) =>
  manifests({ service: Object.fromEntries(Object.entries(spec).map(([field, value]) => [`spec.${field}`, value])) })
    .service;
const endpoint = (name: string, podReady: boolean, terminating: boolean) => ({
  pod: { uid: name, name },
  node: 'node1',
  host: '127.0.0.1',
  port: 1,
  podReady,
  terminating,
});
const starting = endpoint('starting', false, false);
const ready = endpoint('ready', true, false);
const terminating = endpoint('terminating', true, true);

describe('connections are sent to', () => {
  const table: [what: string, spec: Record<string, unknown>, expected: string[]][] = [
    ['the ready pods', {}, ['ready']],
    ['the ready pods, as an API server stores it', { publishNotReadyAddresses: false }, ['ready']],
    [
      'every pod, if it is published before it is ready',
      { publishNotReadyAddresses: true },
      ['starting', 'ready', 'terminating'],
    ],
  ];
  for (const [what, spec, expected] of table) {
    test(what, () => {
      const chosen = usableEndpoints(publishedEndpoints(service(spec), [starting, ready, terminating]));
      assert.deepEqual(
        chosen.map(({ pod }) => pod.name),
        expected,
      );
    });
  }
});

describe('requests', () => {
  const table: [what: string, spec: Record<string, unknown>, expected: boolean][] = [
    ['reach the pods of all nodes', {}, false],
    ['reach the pods of all nodes with Cluster', { externalTrafficPolicy: 'Cluster' }, false],
    ['stay on their node with Local', { type: 'NodePort', externalTrafficPolicy: 'Local' }, true],
    ['have no node if the Service is headless', { clusterIP: 'None', externalTrafficPolicy: 'Local' }, false],
  ];
  for (const [what, spec, expected] of table) test(what, () => assert.equal(staysOnNode(service(spec)), expected));
});

describe('a load balancer uses', () => {
  const node = (name: string, ...view: (typeof ready)[]) => ({ name, view });
  const table: [what: string, nodes: ReturnType<typeof node>[], expected: string[]][] = [
    ['all nodes with a ready pod', [node('a', ready), node('b', ready, terminating)], ['a', 'b']],
    ['no node whose pods all terminate', [node('a', ready), node('b', terminating)], ['a']],
    ['no node without a pod', [node('a', ready), node('b')], ['a']],
    ['all nodes if none has a ready pod', [node('a', terminating), node('b')], ['a', 'b']],
  ];
  for (const [what, nodes, expected] of table) {
    test(what, () =>
      assert.deepEqual(
        healthyNodes(nodes).map(({ name }) => name),
        expected,
      ),
    );
  }
});
