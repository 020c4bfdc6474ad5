import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check } from '../../src/check/check.ts';
import type { CheckResult } from '../../src/check/finding.ts';
import { type CheckSettings, NO_SETTINGS } from '../../src/check/settings.ts';
import { ignoresIn } from '../../src/check/silence/annotations.ts';
import { baselineOf, withBaseline } from '../../src/check/silence/baseline.ts';
import type { Written } from '../manifests/manifest-text.ts';
import { APP, goodText } from './checked.ts';

/** Without a hook and with one replica: a warning and an info. */
const NO_HOOK = { [`${APP}.lifecycle`]: undefined, 'spec.replicas': 1 };

function checkedWith(written: Written, settings: Partial<CheckSettings> = {}): CheckResult {
  return check({
    manifests: [
      { name: 'shop.yaml', text: goodText({ ...written, deployment: { ...NO_HOOK, ...written.deployment } }) },
    ],
    options: { longestRequestSeconds: 0, drainDelaySeconds: 0 },
    settings: { ...NO_SETTINGS, ...settings },
  });
}

const ids = ({ findings }: CheckResult) => findings.map(({ rule }) => rule).sort();
const silences = ({ silenced }: CheckResult) =>
  silenced.map(({ rule, silence: { by, reason } }) => [rule, by, ...(reason === undefined ? [] : [reason])]);

test('without anything else, both findings count', () => {
  assert.deepEqual(ids(checkedWith({})), ['deployment-replicas', 'no-prestop']);
});

describe('annotations', () => {
  const table: [what: string, annotations: Record<string, string>, ignored: [rules: string[], reason?: string][]][] = [
    [
      'one rule with a reason',
      { 'rollout-test/ignore': 'no-prestop; drains by itself' },
      [[['no-prestop'], 'drains by itself']],
    ],
    [
      'several rules with commas, and a reason with a semicolon',
      { 'rollout-test/ignore': ' no-prestop,deployment-replicas ; a; b ' },
      [[['no-prestop', 'deployment-replicas'], 'a; b']],
    ],
    [
      'several lines',
      { 'rollout-test/ignore': 'no-prestop; a\n\ndeployment-replicas; b\n' },
      [
        [['no-prestop'], 'a'],
        [['deployment-replicas'], 'b'],
      ],
    ],
    ['no reason', { 'rollout-test/ignore': 'no-prestop' }, [[['no-prestop']]]],
    [
      'kube-linter',
      { 'ignore-check.kube-linter.io/no-readiness-probe': 'a worker' },
      [[['no-readiness-probe'], 'a worker']],
    ],
    [
      'kube-linter, whose name is another',
      { 'ignore-check.kube-linter.io/minimum-three-replicas': '' },
      [[['deployment-replicas']]],
    ],
    ['kube-linter, for what this program has not', { 'ignore-check.kube-linter.io/run-as-non-root': 'x' }, []],
    [
      'kube-score',
      { 'kube-score/ignore': 'pod-networkpolicy, pod-probes-identical,deployment-replicas' },
      [[['pod-probes-identical', 'deployment-replicas']]],
    ],
    [
      'others',
      { 'kube-score/skip': 'false', 'prometheus.io/scrape': 'true', 'kube-score/enable': 'deployment-replicas' },
      [],
    ],
  ];
  for (const [what, annotations, ignored] of table) {
    test(`of ${what}`, () => {
      assert.deepEqual(
        ignoresIn(annotations).map(({ rules, reason }) => (reason === undefined ? [rules] : [rules, reason])),
        ignored,
      );
    });
  }

  test('for all checks of another linter silence what it has too, and nothing else', () => {
    const all = [
      { 'kube-linter.io/ignore-all': 'legacy' },
      { 'kube-score/ignore': '*' },
      { 'kube-score/skip': 'true' },
    ];
    for (const annotations of all) {
      const rules = ignoresIn(annotations)[0]?.rules ?? [];
      assert.ok(rules.includes('deployment-replicas'));
      assert.ok(!rules.includes('no-prestop'));
    }
  });

  const places: [what: string, path: string][] = [
    ['of the workload', 'metadata.annotations'],
    ['of its pod template', 'spec.template.metadata.annotations'],
  ];
  for (const [what, path] of places) {
    test(`${what} silence a finding`, () => {
      const result = checkedWith({ deployment: { [path]: { 'rollout-test/ignore': 'no-prestop; drains' } } });
      assert.deepEqual(ids(result), ['deployment-replicas']);
      assert.deepEqual(silences(result), [['no-prestop', 'rollout-test/ignore of Deployment "shop"', 'drains']]);
    });
  }

  test('of the Service silence a finding about the Service, and none about the workload', () => {
    const deployment = { [`${APP}.lifecycle`]: { preStop: { sleep: { seconds: 1 } } } };
    const ignoring = (rule: string) => ({
      'spec.sessionAffinity': 'ClientIP',
      'metadata.annotations': { 'rollout-test/ignore': `${rule}; x` },
    });
    const silent = checkedWith({ deployment, service: ignoring('session-affinity-pins-dying-pod') });
    assert.deepEqual(silences(silent), [
      ['session-affinity-pins-dying-pod', 'rollout-test/ignore of Service "shop"', 'x'],
    ]);
    assert.deepEqual(silences(checkedWith({ deployment, service: ignoring('prestop-too-short') })), []);
  });

  test('without a reason, or with a name that is no rule, are noted', () => {
    const ignore = { 'metadata.annotations': { 'rollout-test/ignore': 'no-prestop, no-prestp' } };
    const { notes } = checkedWith({ deployment: ignore });
    assert.match(notes[0] ?? '', /^Deployment "shop": rollout-test\/ignore names "no-prestp", which is no rule/);
    assert.match(notes[1] ?? '', /^Deployment "shop": rollout-test\/ignore gives no reason for no-prestop: write one/);
  });

  test('silence an object that cannot be read', () => {
    const text = goodText()
      .replace('apps/v1', 'apps/v1beta1')
      .replace('name: shop', 'name: shop\n  annotations: {rollout-test/ignore: removed-api-version; old cluster}');
    const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
    const result = check({ manifests: [{ name: 'shop.yaml', text }], options });
    assert.deepEqual(silences(result), [
      ['removed-api-version', 'rollout-test/ignore of Deployment "shop"', 'old cluster'],
    ]);
  });
});

describe('settings', () => {
  const off = { severity: 'off', reason: 'why' } as const;

  test('turn a rule off, with a reason', () => {
    const result = checkedWith({}, { file: '.rollout-test.yaml', rules: { 'no-prestop': off } });
    assert.deepEqual(
      [ids(result), silences(result)],
      [['deployment-replicas'], [['no-prestop', '.rollout-test.yaml', 'why']]],
    );
  });

  test('change a severity', () => {
    const { findings } = checkedWith(
      {},
      { rules: { 'no-prestop': { severity: 'error' }, 'deployment-replicas': { severity: 'on' } } },
    );
    assert.deepEqual(findings.map(({ severity }) => severity).sort(), ['error', 'info']);
  });

  test('are for some workloads', () => {
    const matching = [{ name: 'shop' }, { name: 's*' }, { name: '*', kind: 'Deployment', namespace: 'default' }];
    const others = [
      { name: 'sho' },
      { name: 's.op' },
      { name: 'shop', kind: 'DaemonSet' },
      { name: 'shop', namespace: 'prod' },
    ];
    const silenced = (workload: { name: string }) =>
      checkedWith({}, { workloads: [{ ...workload, rules: { 'no-prestop': off } }] }).silenced.length;
    assert.deepEqual(
      [matching.map(silenced), others.map(silenced)],
      [
        [1, 1, 1],
        [0, 0, 0, 0],
      ],
    );
  });

  test("of one workload win, and a later entry's win over an earlier one's", () => {
    const rules = (severity: 'off' | 'on') => ({ 'no-prestop': { severity } });
    const count = (settings: Partial<CheckSettings>) => checkedWith({}, settings).silenced.length;
    assert.equal(count({ rules: rules('off'), workloads: [{ name: 'shop', rules: rules('on') }] }), 0);
    const entries = [
      { name: 'shop', rules: rules('on') },
      { name: '*', rules: rules('off') },
    ];
    assert.deepEqual([count({ workloads: entries }), count({ workloads: entries.toReversed() })], [1, 0]);
  });

  test('say how long one workload drains', () => {
    const drains = (name: string) => ids(checkedWith({}, { workloads: [{ name, drainDelaySeconds: 5, rules: {} }] }));
    assert.deepEqual(
      [drains('shop'), drains('other')],
      [['deployment-replicas'], ['deployment-replicas', 'no-prestop']],
    );
  });

  test('of flags disable a rule whatever else is set, or choose rules', () => {
    const workloads = [{ name: 'shop', rules: { 'no-prestop': { severity: 'error' } as const } }];
    assert.deepEqual(silences(checkedWith({}, { disabled: ['no-prestop'], workloads })), [['no-prestop', '--disable']]);
    assert.deepEqual(ids(checkedWith({}, { only: ['deployment-replicas'] })), ['deployment-replicas']);
  });

  test('that choose rules keep what could not be read', () => {
    const text = `${goodText()}---\na: [\n`;
    const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
    const settings = { ...NO_SETTINGS, only: ['no-prestop'] };
    assert.deepEqual(ids(check({ manifests: [{ name: 'shop.yaml', text }], options, settings })), [
      'unreadable-document',
    ]);
  });
});

describe('a baseline', () => {
  const before = checkedWith({});
  const baseline = baselineOf(before.findings);
  const after = (written: Written) => withBaseline(checkedWith(written), baseline, 'baseline.json', true);

  test('names each finding by its rule, object and field, in order', () => {
    assert.deepEqual(baseline.findings, {
      'deployment-replicas Deployment/shop spec.replicas': 1,
      'no-prestop Deployment/shop spec.template.spec.containers[app].lifecycle.preStop': 1,
    });
  });

  test('silences the same findings', () => {
    const { findings, silenced, notes } = after({});
    assert.deepEqual(
      [findings, silenced.map(({ silence }) => silence)],
      [[], Array(2).fill({ kind: 'baseline', by: 'baseline.json' })],
    );
    assert.deepEqual(notes, before.notes);
  });

  test('survives lines and containers above the finding', () => {
    const log = { name: 'log', image: 'log:1' };
    const text = `# moved\n${goodText({ deployment: NO_HOOK })}`.replace(
      'containers:\n',
      `containers:\n        - ${JSON.stringify(log)}\n`,
    );
    const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
    const result = check({ manifests: [{ name: 'moved.yaml', text }], options });
    const left = withBaseline(result, baseline, 'baseline.json', true).findings.filter(
      ({ severity }) => severity !== 'info',
    );
    assert.deepEqual(
      left.filter(({ rule }) => rule === 'no-prestop'),
      [],
    );
    assert.ok(result.findings.some(({ rule }) => rule === 'no-prestop'));
  });

  test('does not silence another object, or one more of the same', () => {
    assert.deepEqual(ids(after({ deployment: { 'metadata.name': 'other' } })), ['deployment-replicas', 'no-prestop']);
    const twice = checkedWith({ more: [] });
    const result = withBaseline({ ...twice, findings: [...before.findings, ...before.findings] }, baseline, 'b', true);
    assert.equal(result.findings.length, 2);
  });

  test('with findings that are gone is noted, unless only some rules were applied', () => {
    const fixed = checkedWith({ deployment: { 'spec.replicas': 3 } });
    const note = 'baseline.json has 1 finding that no longer occur';
    assert.ok(withBaseline(fixed, baseline, 'baseline.json', true).notes.some((text) => text.startsWith(note)));
    assert.ok(!withBaseline(fixed, baseline, 'baseline.json', false).notes.some((text) => text.startsWith(note)));
  });
});
