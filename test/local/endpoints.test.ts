import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolvableEndpoints, usableEndpoints } from '../../src/kubernetes-rules/usable-endpoints.ts';
import { endpointsOf } from './fake-node.ts';

describe('kube-proxy sends new connections', () => {
  const table: [what: string, endpoints: string, usable: string][] = [
    ['to every ready pod', 'a:ready b:ready', 'a b'],
    ['to no pod that is not ready', 'a:ready b:unready', 'a'],
    ['to no terminating pod while another is ready', 'a:terminating b:ready', 'b'],
    ['to terminating pods that still serve if none is ready', 'a:terminating b:unready c:terminating', 'a c'],
    ['to no terminating pod whose readiness probe fails', 'a:ended b:terminating', 'b'],
    ['nowhere if no pod serves', 'a:unready b:ended', ''],
    ['nowhere if there is no pod', '', ''],
  ];
  for (const [what, endpoints, usable] of table) {
    test(what, () => {
      const pods = usableEndpoints(endpointsOf(endpoints)).map(({ pod }) => pod.name);
      assert.equal(pods.join(' '), usable);
    });
  }
});

describe('DNS answers for a headless Service', () => {
  const table: [what: string, endpoints: string, resolved: string][] = [
    ['with every ready pod', 'a:ready b:ready', 'a b'],
    ['with no terminating pod', 'a:terminating b:ready', 'b'],
    ['with no terminating pod, even if there is no other', 'a:terminating b:unready c:terminating', ''],
    ['with nothing if there is no pod', '', ''],
  ];
  for (const [what, endpoints, resolved] of table) {
    test(what, () => {
      const pods = resolvableEndpoints(endpointsOf(endpoints)).map(({ pod }) => pod.name);
      assert.equal(pods.join(' '), resolved);
    });
  }
});
