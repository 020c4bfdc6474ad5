import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import picocolors from 'picocolors';
import { parse } from 'yaml';
import type { Finding } from '../../src/check/finding.ts';
import { RULES } from '../../src/check/registry.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import type { ArtifactOf } from '../../src/report/artifact.ts';
import { checkAnnotations } from '../../src/report/check-github.ts';
import { codeQuality } from '../../src/report/check-gitlab.ts';
import { checkJson } from '../../src/report/check-json.ts';
import { renderFindings } from '../../src/report/check-terminal.ts';
import { sarif } from '../../src/report/sarif.ts';
import schema from '../fixtures/sarif-2.1.0-schema.json' with { type: 'json' };
import { manifestText } from '../manifests/manifest-text.ts';
import { checked } from './checked.ts';

const PLAIN = picocolors.createColors(false);
const BROKEN = checked({ yaml: readRendered('broken-node') });
const DOCKERFILE = checked({ dockerfile: 'FROM node:24\nCMD npm start\n' });
const SAME: ArtifactOf = (source) => ({ file: source, hasLines: true });

const FINDING: Finding = {
  rule: 'no-prestop',
  severity: 'error',
  cause: 'routing-lag',
  message: 'no hook',
  source: 'k8s/shop.yaml',
  position: { line: 12, column: 3 },
  object: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', namespace: 'prod' },
  field: 'spec.template.spec.containers[0].lifecycle.preStop',
  fingerprint: 'no-prestop Deployment/prod/shop spec.template.spec.containers[app].lifecycle.preStop',
};
const result = (...findings: Finding[]) => ({ findings, silenced: [], notes: [] });

/** A Deployment as many people write it: no hook, often no probe, and sometimes npm. */
function usual(index: number): string {
  const app = `spec.template.spec.containers[0]`;
  const probe = { httpGet: { path: '/', port: 'http' } };
  return manifestText({
    deployment: {
      'metadata.name': `web-${index}`,
      'spec.selector.matchLabels.app': `web-${index}`,
      'spec.template.metadata.labels.app': `web-${index}`,
      [`${app}.name`]: `app-${index}`,
      ...(index % 2 === 0 && { [`${app}.readinessProbe`]: probe, [`${app}.livenessProbe`]: probe }),
      ...(index % 3 === 0 && { [`${app}.command`]: ['npm', 'start'] }),
    },
    service: { 'metadata.name': `web-${index}`, 'spec.selector.app': `web-${index}` },
  });
}

describe('as text', () => {
  test('each finding has its place, severity, rule, cause and message, and the patch fixes all of them', () => {
    const text = renderFindings(BROKEN, {}, PLAIN);
    assert.match(
      text,
      /^error no-rolling-update-strategy: strategy Recreate \(cause 1: too few replicas\)\n {2}strategy Recreate: [^"]*\n {4}shop\.yaml:32:5 {2}Deployment "rollout-test"\n\n/,
    );
    assert.match(text, /\n\n3 errors, 1 warning, 0 info\. Run `k8s-rollout-test explain ID` for details\.\n$/);
    const patch = /^Patch for .*:\n((?: {4}.*\n)+)/m.exec(text)?.[1] ?? '';
    const { spec } = parse(patch);
    assert.deepEqual(
      [spec.replicas, spec.strategy.type, spec.template.spec.terminationGracePeriodSeconds],
      [undefined, 'RollingUpdate', 10],
    );
    assert.deepEqual(spec.template.spec.containers, [
      { name: 'app', lifecycle: { preStop: { sleep: { seconds: 5 } } }, env: [{ name: 'SHUTDOWN', value: 'drain' }] },
    ]);
  });

  describe('of 12 Deployments with the usual findings', () => {
    const result = checked({ yaml: Array.from({ length: 12 }, (_, index) => usual(index)).join('---\n') });
    const text = renderFindings(result, {}, PLAIN);
    const lines = text.split('\n');

    test('it fits on two screens of 50 lines', () => {
      const rows = lines.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / 100)), 0);
      assert.ok(rows <= 2 * 50, `${rows} rows of 100 columns`);
      assert.ok(result.findings.filter(({ severity }) => severity !== 'info').length > 20);
    });

    test('there is one block per rule, the worst first, with every workload that it hits', () => {
      const blocks = lines
        .filter((line) => /^(error|warning|info) /.test(line))
        .map((line) => line.replace(/[,:].*/, ''));
      assert.deepEqual(blocks, ['warning no-prestop', 'warning no-readiness-probe', 'warning npm-as-pid1']);
      assert.match(text, /^warning no-prestop, 12 findings: no preStop hook \(cause 4: routing lag\)$/m);
      for (let index = 0; index < 12; index++) {
        assert.match(
          text,
          new RegExp(`^ {4}shop\\.yaml:\\d+:\\d+ +Deployment "web-${index}", container "app-${index}"$`, 'm'),
        );
      }
    });

    test('infos are counted in one line, and patches are left out', () => {
      assert.match(text, /^Info \(--all shows it\): 12 min-ready-seconds-zero, 12 missing-pod-disruption-budget/m);
      assert.match(text, /^Patches for 12 objects: --all prints them, and --format json has them\.$/m);
    });

    test('--all shows infos and patches', () => {
      const all = renderFindings(result, { all: true }, PLAIN);
      assert.match(all, /^info min-ready-seconds-zero, 12 findings: /m);
      assert.equal(all.match(/^Patch for Deployment "web-\d+" /gm)?.length, 12);
    });

    test('--explain explains each rule once', () => {
      const explained = renderFindings(result, { explain: true }, PLAIN);
      assert.equal(explained.match(/The removal of the endpoint starts at the same time as SIGTERM/g)?.length, 1);
      assert.match(explained, /^ {2}Measured: In one rollout/m);
      assert.doesNotMatch(explained, /explain ID/);
    });
  });

  test('what is silenced is counted by who silenced it, and listed on request', () => {
    const silenced = [
      {
        ...FINDING,
        silence: { kind: 'annotation' as const, by: 'rollout-test/ignore of Deployment "shop"', reason: 'drains' },
      },
      { ...FINDING, silence: { kind: 'baseline' as const, by: 'baseline.json' } },
    ];
    const given = { ...result(), silenced };
    assert.match(
      renderFindings(given, {}, PLAIN),
      /^2 silenced: 1 by annotations, 1 by baseline\.json \(--all shows why\)\.$/m,
    );
    assert.match(
      renderFindings(given, { all: true }, PLAIN),
      /^Silenced:\n {2}k8s\/shop\.yaml:12:3 error no-prestop, by rollout-test\/ignore of Deployment "shop": drains\n/m,
    );
  });

  test('notes that say the same of several workloads are one', () => {
    const notes = [
      'Deployment "a": skipped.',
      'A fact.',
      'Deployment "b", Job "c", Job "d": skipped.',
      'Job "c": other.',
    ];
    const text = renderFindings({ ...result(), notes }, {}, PLAIN);
    assert.deepEqual(text.split('\n').slice(1, -1), [
      'Deployment "a", Deployment "b", Job "c" and 1 more: skipped.',
      'A fact.',
      'Job "c": other.',
    ]);
  });

  test('a report without findings says so', () => {
    assert.equal(renderFindings(result(), {}, PLAIN), '0 errors, 0 warnings, 0 info.\n');
  });

  test('colour is never the only indication', () => {
    const start = String.fromCharCode(27);
    const coloured = renderFindings(BROKEN, {}, picocolors.createColors(true));
    assert.ok(coloured.includes(start));
    assert.equal(coloured.replaceAll(new RegExp(`${start}\\[\\d+m`, 'g'), ''), renderFindings(BROKEN, {}, PLAIN));
  });
});

test('as JSON, a finding has its patch, or none where the manifest alone does not determine the fix', () => {
  const patched = { ...FINDING, patch: { spec: { replicas: 3 } } };
  const [withOne, without] = checkJson(result(patched, FINDING)).findings;
  assert.equal(
    withOne?.patch,
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\n  namespace: prod\nspec:\n  replicas: 3',
  );
  assert.ok(without && !('patch' in without));
});

test('as JSON, each finding has its line, cause and page', () => {
  const { format, findings, notes } = checkJson({ ...result(FINDING), notes: ['a note'] });
  assert.equal(format, 'k8s-rollout-test/check/1');
  assert.deepEqual(notes, ['a note']);
  assert.deepEqual(findings, [
    {
      rule: 'no-prestop',
      severity: 'error',
      message: 'no hook',
      source: 'k8s/shop.yaml',
      object: FINDING.object,
      field: FINDING.field,
      cause: 'routing-lag',
      causeNumber: 4,
      line: 12,
      column: 3,
      page: 'docs/checks.md#no-prestop',
      fingerprint: FINDING.fingerprint,
    },
  ]);
});

describe('as SARIF', () => {
  const { id: _, $schema: __, ...definition } = schema; // of JSON Schema draft 4; the rest of it is draft 7 as well
  const ajv = new Ajv({
    strict: false,
    unicodeRegExp: false, // the schema's pattern for languages has a stray bracket
    formats: { uri: (text: string) => URL.canParse(text), 'uri-reference': true, 'date-time': true },
  });
  const validate = ajv.compile(definition);
  const valid = (log: unknown) => {
    assert.ok(validate(log), JSON.stringify(validate.errors, null, 2));
  };

  test('it is valid according to the schema of 2.1.0, which rejects invalid logs', () => {
    valid(sarif(BROKEN, SAME));
    valid(sarif(DOCKERFILE, SAME));
    valid(sarif(result(), SAME));
    valid(sarif(BROKEN, () => ({ hasLines: false })));
    const log = sarif(BROKEN, SAME);
    assert.ok(!validate({ ...log, version: '2.0.0' }));
    assert.ok(!validate({ ...log, runs: [{ ...log.runs[0], results: [{ ruleId: 'no-message' }] }] }));
  });

  test('what is silenced is suppressed, and what counts is not', () => {
    const annotation = {
      kind: 'annotation' as const,
      by: 'rollout-test/ignore of Deployment "shop"',
      reason: 'drains',
    };
    const silenced = [
      { ...FINDING, silence: annotation },
      { ...FINDING, silence: { kind: 'baseline' as const, by: 'baseline.json' } },
    ];
    const log = sarif({ ...result(FINDING), silenced }, SAME);
    valid(log);
    assert.deepEqual(
      log.runs[0]?.results?.map(({ suppressions }) => suppressions),
      [
        [],
        [{ kind: 'inSource', justification: 'drains (rollout-test/ignore of Deployment "shop")', status: 'accepted' }],
        [{ kind: 'external', justification: 'baseline.json', status: 'accepted' }],
      ],
    );
    assert.ok(!('suppressions' in (sarif(result(FINDING), SAME).runs[0]?.results?.[0] ?? {})));
  });

  test('it has every rule, with its page, and results that point to them', () => {
    const [run] = sarif(BROKEN, SAME).runs;
    const rules = run?.tool.driver.rules ?? [];
    assert.deepEqual(
      rules.map(({ id, properties }) => [id, properties?.page]),
      RULES.map(({ id }) => [id, `docs/checks.md#${id}`]),
    );
    for (const { ruleId, ruleIndex } of run?.results ?? []) assert.equal(rules[ruleIndex ?? -1]?.id, ruleId);
  });

  test('a result has its level, place and object', () => {
    const [info] = checked({ more: [] }).findings;
    assert.ok(info);
    const log = sarif(result({ ...FINDING, source: './k8s/my shop.yaml' }, info), SAME);
    const [first, second] = log.runs[0]?.results ?? [];
    assert.deepEqual([first?.level, second?.level], ['error', 'note']);
    assert.deepEqual(first?.locations, [
      {
        physicalLocation: {
          artifactLocation: { uri: 'k8s/my%20shop.yaml' },
          region: { startLine: 12, startColumn: 3 },
        },
        logicalLocations: [{ fullyQualifiedName: `prod/Deployment/shop/${FINDING.field}`, kind: 'resource' }],
      },
    ]);
  });

  test('a finding in rendered YAML points to its kustomization, with the line in its message', () => {
    const log = sarif(result(FINDING), () => ({ file: 'k8s/kustomization.yaml', hasLines: false }));
    const [first] = log.runs[0]?.results ?? [];
    assert.equal(first?.message.text, 'no hook (k8s/shop.yaml:12:3)');
    assert.deepEqual(first?.locations?.[0]?.physicalLocation, {
      artifactLocation: { uri: 'k8s/kustomization.yaml' },
    });
  });
});

describe('as GitHub annotations', () => {
  const annotations = (findings: Finding[], artifactOf = SAME) => checkAnnotations(result(...findings), artifactOf);

  test('a finding is a workflow command with its place', () => {
    assert.equal(annotations([FINDING]), '::error file=k8s/shop.yaml,line=12,col=3,title=no-prestop::no hook\n');
    assert.equal(
      annotations([{ ...FINDING, severity: 'info', source: './a.yaml' }]),
      '::notice file=a.yaml,line=12,col=3,title=no-prestop::no hook\n',
    );
  });

  test('special characters of a workflow command are escaped', () => {
    const finding = { ...FINDING, source: 'a,b:c%.yaml', message: '100%: a, b\r\n::error::c' };
    assert.equal(
      annotations([finding]),
      '::error file=a%2Cb%3Ac%25.yaml,line=12,col=3,title=no-prestop::100%25: a, b%0D%0A::error::c\n',
    );
  });

  test('standard input has no file', () => {
    const text = annotations([FINDING], () => ({ hasLines: false }));
    assert.equal(text, '::error title=no-prestop::no hook (k8s/shop.yaml:12:3)\n');
  });

  test('ten findings of a severity are all shown', () => {
    const ten = Array.from({ length: 10 }, () => FINDING);
    assert.equal(annotations(ten).match(/^::error/gm)?.length, 10);
  });

  test('of more than ten findings nine are shown, and the last annotation says how many more the log has', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ ...FINDING, message: `::error::${index}` }));
    const text = annotations([...many, { ...FINDING, severity: 'warning' as const }]);
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.filter((line) => line.startsWith('::error')).length, 10);
    assert.equal(lines[9], '::error title=k8s-rollout-test::3 more findings of this kind are in the log of this step');
    assert.deepEqual(
      lines.slice(10, 13),
      [9, 10, 11].map((index) => `k8s/shop.yaml:12:3 error no-prestop: : :error: :${index}`),
    );
    assert.match(lines[13] ?? '', /^::warning /);
  });

  test('a report without findings prints nothing', () => assert.equal(annotations([]), ''));
});

describe('for GitLab', () => {
  test('a finding has its rule, severity and line', () => {
    const [issue] = codeQuality(result(FINDING), SAME);
    assert.deepEqual(
      { ...issue, fingerprint: '' },
      {
        description: 'no hook',
        check_name: 'no-prestop',
        fingerprint: '',
        severity: 'critical',
        location: { path: 'k8s/shop.yaml', lines: { begin: 12 } },
      },
    );
  });

  test('one whose lines are not those of a file says where it is', () => {
    const [issue] = codeQuality(result(FINDING), () => ({ file: 'k8s/kustomization.yaml', hasLines: false }));
    assert.equal(issue?.description, 'no hook (k8s/shop.yaml:12:3)');
    assert.deepEqual(issue?.location, { path: 'k8s/kustomization.yaml', lines: { begin: 1 } });
  });

  test('its fingerprint outlives other lines, and is its own', () => {
    const moved = { ...FINDING, position: { line: 13, column: 3 } };
    const prints = (...findings: Finding[]) =>
      codeQuality(result(...findings), SAME).map(({ fingerprint }) => fingerprint);
    assert.deepEqual(prints(FINDING), prints(moved));
    const others = [FINDING, moved, { ...FINDING, rule: 'npm-as-pid1' }, { ...FINDING, source: 'other.yaml' }];
    assert.equal(new Set(prints(...others)).size, others.length);
  });
});
