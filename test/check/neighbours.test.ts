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
  spec: { selector },
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

/** Whether the object is among the neighbours of the Deployment. */
function isNeighbour(object: object, namespace?: string): boolean {
  const text = [workload(namespace), object].map((one) => stringify(one)).join('---\n');
  const { objects } = readObjects({ name: 'shop.yaml', text });
  const [deployment] = objects as LocatedObject<CheckedObject>[];
  assert.ok(deployment);
  const { services, budgets, autoscaler } = indexNeighbours(objects)(deployment.value as WorkloadObject);
  return services.length + budgets.length + (autoscaler ? 1 : 0) === 1;
}

describe('next to a workload is', () => {
  const table: [what: string, object: object, namespace: string | undefined, expected: boolean][] = [
    ['a Service of one of its labels', service({ app: 'shop' }), undefined, true],
    ['a Service of all of them, in another order', service({ tier: 'web', app: 'shop' }), undefined, true],
    ['not a Service of another value', service({ app: 'blog' }), undefined, false],
    ['not a Service of a label more', service({ app: 'shop', zone: 'a' }), undefined, false],
    ['not a Service without a selector', service(undefined), undefined, false],
    ['not a Service of nothing', service({}), undefined, false],
    ['not a Service of another namespace', service({ app: 'shop' }, 'blog'), undefined, false],
    ['a Service of its namespace', service({ app: 'shop' }, 'shop'), 'shop', true],
    ['a Service of the namespace that none means', service({ app: 'shop' }, 'default'), undefined, true],
    ['a budget of its labels', budget({ matchLabels: { tier: 'web' } }), undefined, true],
    ['a budget of everything', budget({}), undefined, true],
    ['not a budget of everything elsewhere', budget({}, 'blog'), undefined, false],
    ['a budget In', budget(expression('app', 'In', ['blog', 'shop'])), undefined, true],
    ['not a budget In others', budget(expression('app', 'In', ['blog'])), undefined, false],
    ['a budget NotIn', budget(expression('app', 'NotIn', ['blog'])), undefined, true],
    ['not a budget NotIn', budget(expression('app', 'NotIn', ['shop'])), undefined, false],
    ['a budget of labels that Exist', budget(expression('app', 'Exists')), undefined, true],
    ['not a budget of labels that do not', budget(expression('app', 'DoesNotExist')), undefined, false],
    [
      'not a budget of which half matches',
      budget({ matchLabels: { app: 'shop' }, ...expression('zone', 'Exists') }),
      undefined,
      false,
    ],
    ['its autoscaler', autoscaler('Deployment', 'shop'), undefined, true],
    ['not the autoscaler of another kind', autoscaler('StatefulSet', 'shop'), undefined, false],
    ['not the autoscaler of another name', autoscaler('Deployment', 'blog'), undefined, false],
    ['not the autoscaler of another namespace', autoscaler('Deployment', 'shop', 'blog'), undefined, false],
  ];
  for (const [what, object, namespace, expected] of table) {
    test(what, () => assert.equal(isNeighbour(object, namespace), expected));
  }
});
