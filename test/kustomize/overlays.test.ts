import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type Fix, fixesOf, overlayName, RUNTIMES, type Runtime, VARIANTS } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';

/** Field path to value, with the entries of a list under their name where they have one. */
type Fields = Record<string, unknown>;

const POD = 'Deployment.spec.template.spec';
const APP = `${POD}.containers.app`;

/** What each fix changes of the broken deployment: path, value before, value after. Absent is undefined. */
const CHANGES: Record<Fix, [path: string, before: unknown, after: unknown][]> = {
  replicas: [
    ['Deployment.spec.replicas', 1, 3],
    ['Deployment.spec.strategy.type', 'Recreate', 'RollingUpdate'],
    ['Deployment.spec.strategy.rollingUpdate.maxSurge', undefined, 1],
    ['Deployment.spec.strategy.rollingUpdate.maxUnavailable', undefined, 0],
  ],
  'graceful-shutdown': [[`${APP}.env.SHUTDOWN.value`, 'none', 'drain']],
  'grace-period': [
    [`${POD}.terminationGracePeriodSeconds`, 5, 15],
    [`${APP}.env.SHUTDOWN_DEADLINE_MS.value`, '4500', '9000'],
  ],
  'pre-stop': [
    [`${APP}.lifecycle.preStop.sleep.seconds`, undefined, 5],
    [`${APP}.env.DRAIN_DELAY_MS.value`, '0', '2000'],
  ],
};

const USERS: Record<Runtime, number> = { node: 1000, bun: 1000, deno: 1993 };

describe('each overlay differs from the broken one of its runtime by its fixes alone', () => {
  for (const runtime of RUNTIMES) {
    for (const variant of VARIANTS) {
      test(overlayName(runtime, variant), () => {
        const expected = fixesOf(variant).flatMap((fix) => CHANGES[fix]);
        assert.deepEqual(
          differences(fieldsOf(overlayName(runtime, 'broken')), fieldsOf(overlayName(runtime, variant))),
          new Map(expected.map(([path, before, after]) => [path, { before, after }])),
        );
      });
    }
  }
});

test('the runtimes differ by image, label and user alone', () => {
  const node = fieldsOf('valid-node');
  for (const runtime of RUNTIMES.slice(1)) {
    const expected: [string, { before: unknown; after: unknown }][] = [
      [`${APP}.image`, { before: 'k8s-rollout-test-node:local', after: `k8s-rollout-test-${runtime}:local` }],
      ...['Service', 'Deployment', 'Deployment.spec.template'].map((owner): (typeof expected)[number] => [
        `${owner}.metadata.labels.k8s-rollout-test/runtime`,
        { before: 'node', after: runtime },
      ]),
    ];
    if (USERS[runtime] !== USERS.node) {
      for (const id of ['runAsUser', 'runAsGroup']) {
        expected.push([`${POD}.securityContext.${id}`, { before: USERS.node, after: USERS[runtime] }]);
      }
    }
    assert.deepEqual(differences(node, fieldsOf(`valid-${runtime}`)), new Map(expected));
  }
});

test('the selectors hold nothing that any overlay changes', () => {
  for (const runtime of RUNTIMES) {
    const fields = fieldsOf(overlayName(runtime, 'valid'));
    assert.deepEqual(
      Object.entries(fields).filter(([path]) => path.includes('.selector.')),
      [
        ['Service.spec.selector.app.kubernetes.io/name', 'rollout-test'],
        ['Deployment.spec.selector.matchLabels.app.kubernetes.io/name', 'rollout-test'],
      ],
    );
  }
});

function fieldsOf(overlay: string): Fields {
  const fields: Fields = {};
  for (const document of parseAllDocuments(readRendered(overlay))) {
    const object: { kind: string } & Fields = document.toJS();
    flatten(object, object.kind, fields);
  }
  return fields;
}

function flatten(value: unknown, path: string, into: Fields): void {
  if (typeof value !== 'object' || value === null) {
    into[path] = value;
    return;
  }
  const entries = Array.isArray(value)
    ? value.map((item, index): [string | number, unknown] => [item?.name ?? index, item])
    : Object.entries(value);
  for (const [key, item] of entries) flatten(item, `${path}.${key}`, into);
}

function differences(before: Fields, after: Fields): Map<string, { before: unknown; after: unknown }> {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return new Map(
    [...paths]
      .filter((path) => before[path] !== after[path])
      .map((path) => [path, { before: before[path], after: after[path] }]),
  );
}
