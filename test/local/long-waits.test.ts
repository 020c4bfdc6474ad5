/** Waits that are longer than any trial, and waits that are merely long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEndsInTime } from '../../src/clusters/local/long-waits.ts';
import { type Changes, manifests } from '../manifests/manifest-text.ts';

const NO_DEADLINE = { 'spec.progressDeadlineSeconds': 2 ** 31 - 1 };
const GRACE = 'spec.template.spec.terminationGracePeriodSeconds';
const CONTAINER = 'spec.template.spec.containers[0]';
const probe = (fields: object) => ({ tcpSocket: { port: 8080 }, ...fields });

const REFUSED: [what: string, changes: Changes, field: string][] = [
  ['minReadySeconds', { ...NO_DEADLINE, 'spec.minReadySeconds': 86_401 }, 'spec.minReadySeconds'],
  [
    'a preStop sleep',
    { [GRACE]: 2 ** 53, [`${CONTAINER}.lifecycle.preStop.sleep.seconds`]: 2 ** 40 },
    `${CONTAINER}.lifecycle.preStop.sleep.seconds`,
  ],
  [
    'an initial delay',
    { ...NO_DEADLINE, [`${CONTAINER}.readinessProbe`]: probe({ initialDelaySeconds: 2 ** 31 - 1 }) },
    `${CONTAINER}.readinessProbe`,
  ],
  [
    'a success threshold',
    { ...NO_DEADLINE, [`${CONTAINER}.readinessProbe`]: probe({ successThreshold: 10_000 }) },
    `${CONTAINER}.readinessProbe`,
  ],
];

for (const [what, deployment, field] of REFUSED) {
  test(`${what} of more than a day is rejected`, () => {
    assert.throws(
      () => assertEndsInTime(manifests({ deployment })),
      (error: Error) =>
        error.name === 'InputError' && error.message.startsWith(`shop.yaml: Deployment "shop": ${field} `),
    );
  });
}

const LONG: [what: string, changes: Changes][] = [
  ['a long grace period that need not be used up', { [GRACE]: 2 ** 53 }],
  ['no deadline', NO_DEADLINE],
  ['a deadline of 68 years', { 'spec.progressDeadlineSeconds': 2 ** 31 - 2 }],
  [
    'a long period with a success threshold of 1',
    { [`${CONTAINER}.readinessProbe`]: probe({ periodSeconds: 2 ** 31 - 1 }) },
  ],
  ['a timeout', { [`${CONTAINER}.readinessProbe`]: probe({ timeoutSeconds: 2 ** 31 - 1 }) }],
  [
    'a long initial delay with a shorter deadline',
    {
      'spec.progressDeadlineSeconds': 600,
      [`${CONTAINER}.readinessProbe`]: probe({ initialDelaySeconds: 2 ** 31 - 1 }),
    },
  ],
  ['exactly a day', { ...NO_DEADLINE, 'spec.minReadySeconds': 86_400 }],
];

for (const [what, deployment] of LONG) {
  test(`${what} is accepted`, () => assertEndsInTime(manifests({ deployment })));
}
