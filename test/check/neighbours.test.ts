import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { type LocatedObject, readObjects } from '../../src/check/located-object.ts';
import { indexNeighbours } from '../../src/check/neighbours.ts';
import type { CheckedObject, WorkloadObject } from '../../src/check/objects.ts';

const workload = (namespace?: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', ...(namespace && { namespace }) },
  spec: {
    selector: {},
    template: { metadata: { labels: { app: 'shop', tier: 'web' } }, spec: { containers: [{ name: 'app' }] } },
  },
});
const service = (selector: unknown, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a', namespace },
  spec: { selector, ports: [{ port: 80 }] },
});
const budget = (selector: unknown, namespace?: string) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'a', namespace },
  spec: { selector },
});
const autoscaler = (kind: string, name: string, namespace?: string) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'a', namespace },
  spec: { scaleTargetRef: { kind, name } },
});
const expression = (key: string, operator: string, values?: string[]) => ({
  matchExpressions: [{ key, operator, ...(values && { values }) }],
});

/** Whether the object is a neighbour of the Deployment. */
function isNeighbour(object: object, namespace?: string): boolean {
  const text = [workload(namespace), object].map((one) => stringify(one)).join('---\n');
  const { objects } = readObjects({ name: 'shop.yaml', text });
  const [deployment] = objects as LocatedObject<CheckedObject>[];
  assert.ok(deployment);
  const { services, budgets, autoscaler } = indexNeighbours(objects)(deployment.value as WorkloadObject);
  return services.length + budgets.length + (autoscaler ? 1 : 0) === 1;
}

describe("a workload's neighbours include", () => {
  const table: [what: string, object: object, namespace: string | undefined, expected: boolean][] = [
    ['a Service that selects one of its labels', service({ app: 'shop' }), undefined, true],
    ['a Service that selects all of them, in another order', service({ tier: 'web', app: 'shop' }), undefined, true],
    ['no Service that selects another value', service({ app: 'blog' }), undefined, false],
    ['no Service that selects an additional label', service({ app: 'shop', zone: 'a' }), undefined, false],
    ['no Service without a selector', service(undefined), undefined, false],
    ['no Service with an empty selector', service({}), undefined, false],
    ['no Service in another namespace', service({ app: 'shop' }, 'blog'), 'shop', false],
    ['a Service in the only namespace that the input names', service({ app: 'shop' }, 'blog'), undefined, true],
    ['a Service in its namespace', service({ app: 'shop' }, 'shop'), 'shop', true],
    ['a Service in the default namespace, if it names none', service({ app: 'shop' }, 'default'), undefined, true],
    ['a budget that selects its labels', budget({ matchLabels: { tier: 'web' } }), undefined, true],
    ['a budget that selects everything', budget({}), undefined, true],
    ['no budget that selects everything in another namespace', budget({}, 'blog'), undefined, false],
    ['a budget with In that matches', budget(expression('app', 'In', ['blog', 'shop'])), undefined, true],
    ['no budget with In that does not match', budget(expression('app', 'In', ['blog'])), undefined, false],
    ['a budget with NotIn that matches', budget(expression('app', 'NotIn', ['blog'])), undefined, true],
    ['no budget with NotIn that does not match', budget(expression('app', 'NotIn', ['shop'])), undefined, false],
    ['a budget with Exists', budget(expression('app', 'Exists')), undefined, true],
    ['no budget with DoesNotExist', budget(expression('app', 'DoesNotExist')), undefined, false],
    [
      'no budget of which only half matches',
      budget({ matchLabels: { app: 'shop' }, ...expression('zone', 'Exists') }),
      undefined,
      false,
    ],
    ['its autoscaler', autoscaler('Deployment', 'shop'), undefined, true],
    ['no autoscaler of another kind', autoscaler('StatefulSet', 'shop'), undefined, false],
    ['no autoscaler of another name', autoscaler('Deployment', 'blog'), undefined, false],
    ['no autoscaler in another namespace', autoscaler('Deployment', 'shop', 'blog'), undefined, false],
  ];
  for (const [what, object, namespace, expected] of table) {
    test(what, () => assert.equal(isNeighbour(object, namespace), expected));
  }
});
