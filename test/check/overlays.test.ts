import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import { parseAllDocuments, stringify } from 'yaml';
import { CAUSES, type CauseId } from '../../src/analysis/causes.ts';
import { check } from '../../src/check/check.ts';
import { mergePatches } from '../../src/check/patch.ts';
import { FIXES, type Fix, fixesOf, overlayName, RUNTIMES, VARIANTS } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { renderFindings } from '../../src/report/check-terminal.ts';
import { checked } from './checked.ts';

/** The rule that finds that a fix is missing. */
const RULE_OF: Record<Fix, string> = {
  replicas: 'no-rolling-update-strategy',
  'graceful-shutdown': 'shutdown-disabled',
  'grace-period': 'grace-not-above-prestop-plus-drain',
  'pre-stop': 'no-prestop',
};

describe('errors and warnings report exactly the fixes that an overlay lacks', () => {
  for (const runtime of RUNTIMES) {
    for (const variant of VARIANTS) {
      const overlay = overlayName(runtime, variant);
      test(overlay, () => {
        const missing = FIXES.filter((fix) => !fixesOf(variant).includes(fix));
        const findings = grave(readRendered(overlay));
        assert.deepEqual(findings.map(({ rule }) => rule).sort(), missing.map((fix) => RULE_OF[fix]).sort());
        assert.deepEqual(findings.map(({ cause }) => cause).sort(), missing.map(causeOf).sort());
      });

      test(`${overlay} is clean once patched with the fixes of its findings`, () => {
        const yaml = readRendered(overlay);
        const objects = parseAllDocuments(yaml).map((document): unknown => document.toJS());
        const patched = objects.map((object) =>
          (object as { kind: string }).kind === 'Deployment'
            ? grave(yaml).reduce((before, { patch }) => mergePatches([before, patch]), object)
            : object,
        );
        assert.deepEqual(grave(patched.map((object) => stringify(object)).join('---\n')), []);
      });
    }
  }
});

describe('valid overlays with the workload of this project', () => {
  for (const runtime of RUNTIMES) {
    const yaml = readRendered(overlayName(runtime, 'valid'));
    test(`${runtime}: its slowest request of 4 s fits into the grace period`, () => {
      assert.deepEqual(grave(yaml, 4), []);
    });
    test(`${runtime}: one of 8 s does not`, () => {
      assert.deepEqual(
        grave(yaml, 8).map(({ message }) => message),
        [
          'Deployment "rollout-test": terminationGracePeriodSeconds 15 is not above preStop 5 s + drain delay 2 s + the longest request 8 s = 15 s; write at least 20',
        ],
      );
    });
  }
});

test('findings point to the invalid field, or to its nearest parent', () => {
  const text = readRendered('broken-node').split('\n');
  const places = grave(text.join('\n')).map(({ position }) =>
    text[(position?.line ?? 0) - 1]?.slice((position?.column ?? 0) - 1),
  );
  assert.deepEqual(places, ['type: Recreate', 'env:', 'value: none', 'terminationGracePeriodSeconds: 5']);
});

describe('typical first manifests', () => {
  const plain = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
`;
  const ids = (yaml: string) => checked({ yaml }).findings.map(({ rule, severity }) => `${severity} ${rule}`);

  test('a Deployment with a port and the defaults: no hook, no probe, no spare', () => {
    assert.deepEqual(ids(`${plain}          ports: [{containerPort: 80}]\n`), [
      'info min-ready-seconds-zero',
      'info deployment-replicas',
      'info no-prestop',
      'info no-readiness-probe',
    ]);
  });

  test('one without a port, which nothing selects: only a note', () => {
    const { findings, notes } = checked({ yaml: plain });
    assert.deepEqual(findings, []);
    assert.match(
      notes[0] ?? '',
      /^Deployment "web": no Service here selects it, .* rules about traffic were skipped\.$/,
    );
  });

  test("a note says that manifests do not show how another project's image handles SIGTERM", () => {
    const unseen =
      /^Manifests do not show whether the app handles SIGTERM: `k8s-rollout-test conform -- COMMAND` measures/;
    assert.match(checked({ yaml: plain }).notes.at(-1) ?? '', unseen);
    assert.deepEqual(checked({ yaml: readRendered('valid-bun') }).notes, []);
  });
});

test('names in a manifest cannot inject terminal sequences or line breaks', () => {
  const name = 'web\n::error::\u001b[2J';
  const { findings } = checked({ deployment: { 'metadata.name': name, 'spec.replicas': 1 } });
  assert.ok(findings.length > 0);
  for (const { message, object } of findings) {
    assert.match(message, /^Deployment "web ::error:: \[2J": /);
    assert.equal(object?.name, name);
  }
  const text = renderFindings({ findings, silenced: [], notes: [] }, {}, picocolors.createColors(false));
  assert.doesNotMatch(text, /^::error/m);
  assert.ok(!text.includes('\u001b'));
});

function grave(yaml: string, longestRequestSeconds = 0) {
  const { findings } = check({
    manifests: [{ name: 'overlay.yaml', text: yaml }],
    options: { longestRequestSeconds, drainDelaySeconds: 0 },
  });
  return findings.filter(({ severity }) => severity !== 'info');
}

/** The cause that appears in the overlay without this fix. */
function causeOf(fix: Fix): CauseId | undefined {
  return CAUSES.find((cause) => 'overlay' in cause && cause.overlay === `without-${fix}`)?.id;
}
