/** The output formats of the conformance suite. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createColors } from 'picocolors';
import { create } from 'xmlbuilder2';
import { parse } from 'yaml';
import { CASES } from '../../src/conform/cases/registry.ts';
import type { ConformanceResult } from '../../src/conform/suite.ts';
import { conformanceJson } from '../../src/report/conform-json.ts';
import { conformanceJunit } from '../../src/report/conform-junit.ts';
import { conformanceTap } from '../../src/report/conform-tap.ts';
import { conformanceText } from '../../src/report/conform-terminal.ts';
import { ALL_NASTY, LOG_COMMAND, UNSEEN } from '../../test-hostile/nasty.ts';
import { conformanceMatrix } from '../../tools/conformance/conformance-page.ts';
import type { MatrixServer } from '../../tools/conformance/servers.ts';

const RESULT: ConformanceResult = {
  schemaVersion: 1,
  command: ['node', 'server.js'],
  pid1: true,
  graceMs: 10_000,
  stopSignal: 'SIGTERM',
  cases: [
    { ...titled(1), durationMs: 1200, status: 'pass' },
    {
      ...titled(2),
      durationMs: 900,
      status: 'fail',
      expected: 'exit code 0',
      seen: 'it ended with "exit" <code> & \u0007 #1',
    },
    { ...titled(26), durationMs: 0, status: 'not-applicable', reason: '--ws-path /ws answers 404 to a WebSocket' },
  ],
};

function titled(number: number) {
  const found = CASES.find((one) => one.number === number);
  assert.ok(found);
  const { id, family, title } = found;
  return { number, id, family, title };
}

test('text', () => {
  const why = CASES[1]?.why;
  assert.equal(
    conformanceText(RESULT, createColors(false)),
    `The process and its exit
   1 ✓ exits on SIGTERM, as PID 1 too
   2 ✗ exits with code 0 when nothing was lost
       expected: exit code 0
       seen:     it ended with "exit" <code> &   #1
       ${why}

WebSockets and event streams
  26 – WebSockets are closed with 1001
       not applicable: --ws-path /ws answers 404 to a WebSocket

1 passed, 1 failed, 1 not applicable
`,
  );
  assert.match(conformanceText({ ...RESULT, pid1: false }, createColors(false)), /was not PID 1 here/);
  const wrapper = { names: 'tini, which runs npm', server: 'server.js' };
  const wrapped = conformanceText({ ...RESULT, wrapper }, createColors(false));
  assert.match(wrapped, /\nPID 1 is tini, which runs npm; the server is server.js.\n$/);
});

test('the text names the stop signal instead of SIGTERM', () => {
  const { cases } = RESULT;
  const failed = { ...titled(1), durationMs: 1, status: 'fail', expected: 'an end', seen: 'none' } as const;
  const text = conformanceText({ ...RESULT, stopSignal: 'SIGQUIT', cases: [failed, ...cases.slice(1)] });
  assert.match(text, / {7}A container that does not end on SIGQUIT uses/);
});

const SEEN: ConformanceResult = {
  ...RESULT,
  cases: [
    { ...titled(17), durationMs: 1, status: 'pass', seen: 'open after 30 s' },
    { ...titled(34), durationMs: 6100, status: 'warning', seen: 'closed 6.1 s after', advice: 'set it # above' },
  ],
};

test('a warning has its figure and its advice in every format, and is no failure', () => {
  const { title, why, link } = CASES.find(({ number }) => number === 34) ?? assert.fail();
  assert.equal(
    conformanceText(SEEN, createColors(false)),
    `Keep-alive connections
  17 ✓ keeps connections open before SIGTERM, even after a POST
       seen: open after 30 s
  34 ! ${title}
       seen:   closed 6.1 s after
       advice: set it # above
       ${why}
       ${link}

1 passed, 1 passed with a warning, 0 failed, 0 not applicable
`,
  );
  assert.equal(
    conformanceTap(SEEN),
    `TAP version 14
1..2
ok 1 - 17 keeps connections open before SIGTERM, even after a POST
  ---
  seen: open after 30 s
  ...
ok 2 - 34 ${title}
  ---
  id: idle-limit
  severity: warning
  seen: closed 6.1 s after
  advice: "set it # above"
  ...
`,
  );
  const junit = conformanceJunit(SEEN);
  assert.match(junit, /tests="2" failures="0" errors="0" skipped="0"/);
  assert.match(junit, /<system-out>warning: closed 6\.1 s after\nset it # above<\/system-out>/);
  const { counts, cases } = JSON.parse(conformanceJson(SEEN));
  assert.deepEqual(counts, { pass: 1, warning: 1, fail: 0, notApplicable: 0 });
  assert.deepEqual(cases, SEEN.cases);
});

test('JSON', () => {
  const { counts, ...rest } = JSON.parse(conformanceJson(RESULT));
  assert.deepEqual(counts, { pass: 1, warning: 0, fail: 1, notApplicable: 1 });
  assert.deepEqual(rest, RESULT);
});

test('JUnit is well-formed XML for any observation', () => {
  const text = conformanceJunit(RESULT);
  assert.equal(create(text).end({ prettyPrint: true }), text.trimEnd());
  assert.match(text, /<testsuites name="k8s-rollout-test conform" tests="3" failures="1" errors="0" skipped="1">/);
  assert.match(text, /<failure message="it ended with &quot;exit&quot; &lt;code&gt; &amp; {3}#1">/);
  assert.match(text, /<skipped message="--ws-path \/ws answers 404 to a WebSocket"\/>/);
});

test('TAP', () => {
  assert.equal(
    conformanceTap(RESULT),
    `TAP version 14
1..3
ok 1 - 1 exits on SIGTERM, as PID 1 too
not ok 2 - 2 exits with code 0 when nothing was lost
  ---
  id: exit-code-zero
  expected: exit code 0
  seen: "it ended with \\"exit\\" <code> & \\a #1"
  ...
ok 3 - 26 WebSockets are closed with 1001 # SKIP --ws-path /ws answers 404 to a WebSocket
`,
  );
});

test('the page of the matrix', () => {
  const server: MatrixServer = {
    id: 'mine',
    name: 'Mine',
    group: 'plain',
    shown: 'node mine.mjs',
    command: [],
    env: {},
    runtimes: ['node'],
    packages: [],
    explained: { 'exit-code-zero': 'It is like that.' },
  };
  const page = conformanceMatrix([server], [{ id: 'mine', versions: 'node 26.10.0', cases: [...RESULT.cases] }], 10);
  for (const line of [
    '| [1](#1-exits-on-sigterm) exits on SIGTERM, as PID 1 too | ✓ |',
    '| [2](#2-exit-code-zero) exits with code 0 when nothing was lost | **✗** |',
    '| [26](#26-web-socket-1001) WebSockets are closed with 1001 | – |',
    '| cases failed | 1 |',
    'Mine, case 2: It is like that.',
    '- Mine: `node mine.mjs` (node 26.10.0)',
    '#### 33 head-never-completed',
    '#### 34 idle-limit',
  ]) {
    assert.ok(page.split('\n').includes(line), line);
  }
});

test('no observation ends a line or a test point of TAP', () => {
  for (const text of ALL_NASTY) {
    const failed = { ...titled(1), durationMs: 1, status: 'fail', expected: 'an end', seen: text } as const;
    const skipped = { ...titled(2), durationMs: 0, status: 'not-applicable', reason: text } as const;
    const tap = conformanceTap({ ...RESULT, cases: [failed, skipped] });
    const [, diagnostics = '', last = ''] = /^ {2}---\n([\s\S]*)^ {2}\.\.\.\n(.*)\n$/m.exec(tap) ?? [];
    assert.equal(parse(diagnostics).seen, text);
    assert.match(last, /^ok 2 - 2 [^#]* # SKIP /);
    assert.doesNotMatch(tap, UNSEEN);
    assert.doesNotMatch(tap, LOG_COMMAND);
  }
});
