import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import picocolors from 'picocolors';
import type { TrialResult } from '../../src/analysis/result.ts';
import { colorsFor, renderTable } from '../../src/report/terminal.ts';
import { trialResult } from '../results/trial-result.ts';

const ESCAPE = String.fromCharCode(27);
const PLAIN = picocolors.createColors(false);

/** The table's cells, row by row, each in one line. */
function cells(trials: TrialResult[]): string[][] {
  const rows = renderTable(trials, PLAIN)
    .split(/^[├┌└].*$/m)
    .slice(1, -1);
  return rows.map((row) => {
    const lines = row
      .trim()
      .split('\n')
      .map((line) => line.split('│').slice(1, -1));
    return (lines[0] ?? []).map((_, column) =>
      lines
        .map((line) => line[column]?.trim())
        .filter(Boolean)
        .join(' | '),
    );
  });
}

describe('the table', () => {
  test('has a row for each variant and a column for each runtime, in a fixed order', () => {
    const trials = [
      trialResult({ variant: 'control', runtime: 'deno', runtimeVersion: '2.9.6', exposed: 12_345 }),
      trialResult({ variant: 'my-own' }),
      trialResult(),
      trialResult({ variant: 'broken', runtime: 'bun', runtimeVersion: '1.4.5', causes: { capacity: 1 } }),
      trialResult({ variant: 'without-pre-stop', causes: { 'routing-lag': 1 } }),
    ];
    assert.deepEqual(cells(trials), [
      ['', 'Node 26.10.0', 'Bun 1.4.5', 'Deno 2.9.6'],
      ['broken', '–', '1 failed, 0.3 per pod | too few replicas 1', '–'],
      ['without pre stop', '1 failed, 0.3 per pod | routing lag 1', '–', '–'],
      ['valid', '0 of 3,000 | < 0.1 %', '–', '–'],
      ['control', '–', '–', '0 of 12,345 | < 0.024 %'],
      ['my own', '0 of 3,000 | < 0.1 %', '–', '–'],
    ]);
  });

  const table: [what: string, trials: TrialResult[], cell: string][] = [
    [
      'the causes of broken requests, the most common first, and the outage',
      [trialResult({ causes: { capacity: 4, 'routing-lag': 1200, unexplained: 7 }, longestOutageMs: 2345 })],
      '1,211 failed, 404 per pod | routing lag 1,200 | unexplained 7 | too few replicas 4 | outage 2.3 s',
    ],
    [
      'one pod: no figure per pod',
      [trialResult({ podsReplaced: 1, causes: { capacity: 4 } })],
      '4 failed | too few replicas 4',
    ],
    ['an invalid trial', [trialResult({ valid: false })], '0 of 3,000 | < 0.1 % | INVALID'],
    [
      'the sum of repeats, and how many of them are invalid',
      [trialResult(), trialResult({ repeat: 1 }), trialResult({ repeat: 2, valid: false })],
      '0 of 9,000 | < 0.033 % | 1 INVALID',
    ],
    [
      'repeats, one with broken requests',
      [
        trialResult({ longestOutageMs: 100, causes: { capacity: 2 } }),
        trialResult({ repeat: 1, longestOutageMs: 500 }),
      ],
      '2 failed, 0.3 per pod | too few replicas 2 | outage 0.5 s',
    ],
  ];
  for (const [what, trials, cell] of table) {
    test(`has in a cell ${what}`, () => assert.equal(cells(trials)[1]?.[1], cell));
  }
});

describe('the text around the table', () => {
  const OF =
    '"N" in "0 of N" counts the requests exposed to the rollout: those in flight or started between the first deletion and the moment the last router dropped the last old pod (control: all requests).';
  const clean = (pods: string, share: string) =>
    `Failures cluster by pod. None of the ${pods} dropped a request, so at most ${share} of pods do (95 % confidence).`;
  const around = (trials: TrialResult[]) => {
    const lines = renderTable(trials, PLAIN).split('\n');
    return lines.filter((line) => line !== '' && !/^[│├┌└]/.test(line));
  };
  const table: [what: string, trials: TrialResult[], lines: string[]][] = [
    [
      'the valid variants broke nothing',
      [trialResult(), trialResult({ runtime: 'bun', exposed: 1000 })],
      [
        'valid: 0 of 4,000 exposed requests broke (at most 0.3 % on each runtime, 95 % confidence)',
        OF,
        clean('3 replaced pods on each runtime', '63 %'),
      ],
    ],
    [
      'the valid variants replaced one pod',
      [trialResult({ podsReplaced: 1 })],
      [
        'valid: 0 of 3,000 exposed requests broke (at most 0.1 % on each runtime, 95 % confidence)',
        OF,
        'Failures cluster by pod. The one replaced pod dropped no request, so at most 95 % of pods do (95 % confidence).',
      ],
    ],
    [
      'the valid variants broke requests',
      [trialResult(), trialResult({ runtime: 'bun', causes: { unexplained: 1234 } })],
      ['valid: 1,234 of 6,000 exposed requests broke', OF],
    ],
    ['no valid variant was run', [trialResult({ variant: 'broken' })], ['Requests broken by one rolling update', OF]],
    [
      'measured by hand',
      [trialResult({ variant: 'broken', cluster: 'by hand' })],
      [
        'Requests broken by one rolling update',
        '"N" in "0 of N" counts all requests. These results were measured by hand. The pods were not observed, so every cause is unknown.',
      ],
    ],
    [
      'several repeats',
      [trialResult(), trialResult({ repeat: 1 })],
      [
        'valid: 0 of 6,000 exposed requests broke (at most 0.05 % on each runtime, 95 % confidence)',
        OF,
        clean('6 replaced pods', '39 %'),
        'Each cell is the sum of 2 rollouts.',
      ],
    ],
    [
      'what was observed does not decide between causes',
      [
        trialResult({
          variant: 'without-pre-stop',
          causes: { unexplained: 5 },
          undecided: [{ causes: ['routing-lag', 'keep-alive-race'], requests: 3 }],
        }),
        trialResult({
          variant: 'without-pre-stop',
          runtime: 'bun',
          causes: { unexplained: 2 },
          undecided: [
            { causes: ['routing-lag', 'keep-alive-race'], requests: 1 },
            { causes: ['capacity', 'routing-lag', 'keep-alive-race'], requests: 1 },
          ],
        }),
      ],
      [
        'Requests broken by one rolling update',
        OF,
        'The cause of 4 unexplained requests is routing lag or keep-alive race. What was observed does not decide which.',
        'The cause of 1 unexplained request is too few replicas, routing lag or keep-alive race. What was observed does not decide which.',
      ],
    ],
    [
      'processes that were not PID 1, and hidden retries',
      [trialResult({ variant: 'broken', pid1: false, hiddenRetries: 1500 })],
      [
        'Requests broken by one rolling update',
        OF,
        'Processes were not PID 1 here, so those without a SIGTERM handler died at once. As PID 1 in a container they ignore the signal.',
        '1,500 requests reached a pod twice: the client retried them by itself.',
      ],
    ],
  ];
  for (const [what, trials, lines] of table) {
    test(what, () => assert.deepEqual(around(trials), lines));
  }

  test('ends with a newline', () => assert.match(renderTable([trialResult()], PLAIN), /[^\n]\n$/));
});

describe('colour', () => {
  const table: [what: string, env: Record<string, string>, isTTY: boolean, coloured: boolean][] = [
    ['on a terminal', {}, true, true],
    ['elsewhere', {}, false, false],
    ['on a terminal with NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['on a terminal with an empty NO_COLOR, which counts as unset', { NO_COLOR: '' }, true, true],
    ['on a dumb terminal', { TERM: 'dumb' }, true, false],
    ['elsewhere with FORCE_COLOR', { FORCE_COLOR: '1' }, false, true],
    ['on a terminal with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
    ['with both NO_COLOR and FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ];
  for (const [what, env, isTTY, coloured] of table) {
    test(`${what}: ${coloured ? 'yes' : 'no'}`, (t) => {
      withEnvironment(t, env);
      const trials = [trialResult(), trialResult({ variant: 'broken', valid: false, causes: { capacity: 1 } })];
      assert.equal(renderTable(trials, colorsFor({ isTTY })).includes(ESCAPE), coloured);
    });
  }

  test('does not change the text', () => {
    const trials = [trialResult(), trialResult({ variant: 'broken', valid: false, causes: { capacity: 1 } })];
    const coloured = renderTable(trials, picocolors.createColors(true));
    assert.equal(coloured.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), ''), renderTable(trials, PLAIN));
  });
});

/** Sets these of the variables that colour depends on and unsets the others, until the test ends. */
function withEnvironment(t: TestContext, env: Record<string, string>): void {
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  const { NO_COLOR: _, FORCE_COLOR: __, TERM: ___, ...others } = before;
  process.env = { ...others, ...env };
}
