import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { APP_SCENARIOS, appRequestMix } from '../../src/load/app-mix.ts';
import { assertForK6 } from '../../src/load/load.ts';
import {
  type RequestMix,
  type RequestScenario,
  readRequestMix,
  requestScenarios,
  scaleRequestMix,
  sessionScenarios,
  totalRate,
  totalSessions,
} from '../../src/load/request-mix.ts';
import { type RequestSettings, requestMixFrom, requestMixFromSettings } from '../../src/load/request-settings.ts';
import { projectFile } from '../../src/project-file.ts';

const requestMix = readRequestMix(projectFile('workload.json'));

describe('a request mix scaled to another rate', () => {
  const scales = [1, 10, 42, 419, 420, 840, 20_000];
  for (const rate of scales) {
    test(`${rate}/s: the same mix, each connection as busy as before`, () => {
      const scaled = scaleRequestMix(requestMix, rate);
      assert.ok(Math.abs(totalRate(scaled) - rate) < 1e-6, `${totalRate(scaled)}`);
      requestScenarios(scaled).forEach((scenario, index) => {
        const { ratePerSecond = 0, connections = 0, ...same } = requestScenarios(requestMix)[index] ?? {};
        const { ratePerSecond: newRate, connections: newConnections, ...others } = scenario;
        assert.deepEqual(others, same);
        assert.ok(Math.abs(newRate / rate - ratePerSecond / totalRate(requestMix)) < 1e-9);
        const exact = (connections * rate) / totalRate(requestMix);
        assert.ok(
          newConnections >= Math.max(1, exact) - 1e-9 && newConnections < exact + 1,
          `${newConnections} for ${exact}`,
        );
      });
    });
  }

  test('to its own rate is the same', () =>
    assert.deepEqual(scaleRequestMix(requestMix, totalRate(requestMix)), requestMix));
});

const SESSIONS = { name: 'chat', connection: 'websocket', path: '/ws', connections: 7, timeoutMs: 500 } as const;

describe('sessions in a request mix', () => {
  const mixed: RequestMix = { ...requestMix, scenarios: [...requestMix.scenarios, SESSIONS] };

  test('have no rate, and stay as they are at another rate', () => {
    assert.deepEqual([totalRate(mixed), totalSessions(mixed)], [totalRate(requestMix), 7]);
    assert.deepEqual(sessionScenarios(scaleRequestMix(mixed, 42)), [SESSIONS]);
    assert.equal(Math.round(totalRate(scaleRequestMix(mixed, 42))), 42);
  });

  test('are refused for k6', () => {
    assertForK6(requestMix);
    assert.throws(() => assertForK6(mixed), {
      constructor: InputError,
      message: /^scenario "chat": k6 sends requests only/,
    });
  });

  /** The connection, the path and the number of sessions or the rate of each scenario. */
  const words = (mix: RequestMix) =>
    mix.scenarios.map((scenario) =>
      [
        scenario.connection,
        scenario.path,
        'ratePerSecond' in scenario ? scenario.ratePerSecond : scenario.connections,
      ].join(' '),
    );
  const table: [settings: RequestSettings, scenarios: string[]][] = [
    [{}, ['keep-alive / 100', 'fresh / 100']],
    [{ scenarios: ['websocket'], path: '/ws' }, ['websocket /ws 100']],
    [{ scenarios: ['events'], sessions: 5 }, ['events / 5']],
    [
      { scenarios: ['fresh', 'events', 'websocket'], path: '/a', eventsPath: '/e', wsPath: '/w', ratePerSecond: 30 },
      ['fresh /a 30', 'events /e 100', 'websocket /w 100'],
    ],
  ];
  for (const [settings, scenarios] of table) {
    test(`from ${JSON.stringify(settings)}`, () =>
      assert.deepEqual(words(requestMixFromSettings(settings)), scenarios));
  }

  const refused: [settings: RequestSettings, message: RegExp][] = [
    [{ scenarios: ['websocket'], ratePerSecond: 5 }, /^--rate: only sessions are opened/],
    [{ scenarios: ['events'], body: 'x' }, /^--body: only sessions/],
    [{ scenarios: ['events'], method: 'PUT' }, /^--method: only sessions/],
    [{ sessions: 5 }, /^--sessions: no session is opened; add events or websocket/],
    [{ scenarios: ['events'], wsPath: '/ws' }, /^--ws-path: no session is opened; add websocket/],
    [{ scenarios: ['fresh'], eventsPath: '/e' }, /^--events-path: no session is opened; add events/],
    [{ scenarios: ['events'], eventsPath: '/a b' }, /^--events-path "\/a b": contains/],
  ];
  for (const [settings, message] of refused) {
    test(`not from ${JSON.stringify(settings)}`, () =>
      assert.throws(() => requestMixFromSettings(settings), { constructor: InputError, message }));
  }

  test('for the app of this project, by the names of its scenarios', () => {
    assert.deepEqual(appRequestMix(), requestMix);
    assert.deepEqual(
      APP_SCENARIOS.filter((name) => name !== 'get' && name !== 'events' && name !== 'websocket'),
      requestMix.scenarios.map(({ name }) => name),
    );
    assert.deepEqual(words(appRequestMix({ scenarios: ['events', 'websocket'], sessions: 9 })), [
      'events /events 9',
      'websocket /ws 9',
    ]);
    assert.deepEqual(words(appRequestMix({ scenarios: ['fresh'], ratePerSecond: 5 })), ['fresh / 5']);
    assert.throws(() => appRequestMix({ sessions: 9 }), /^InputError: --sessions: no session is opened/);
    assert.throws(() => appRequestMix({ scenarios: ['events'], ratePerSecond: 9 }), /^InputError: --rate: /);
  });

  test('from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'workload-'));
    const file = join(folder, 'workload.json');
    writeFileSync(file, JSON.stringify({ ...requestMix, scenarios: [SESSIONS] }));
    try {
      assert.deepEqual(requestMixFrom({ workload: file }).scenarios, [SESSIONS]);
      assert.throws(
        () => requestMixFrom({ workload: file, ratePerSecond: 5 }),
        /^InputError: --rate: no scenario sends requests/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('bursts', () => {
  const [first] = requestScenarios(requestMix);
  const bursts = { size: 30, atMs: [0, 6000] };
  const mix = { ...requestMix, scenarios: [{ ...first, bursts } as RequestScenario] };

  test('grow with the rate', () => {
    const [scaled] = requestScenarios(scaleRequestMix(mix, 2 * totalRate(mix)));
    assert.deepEqual(scaled?.bursts, { ...bursts, size: 60 });
  });

  test('are refused for k6', () => {
    const refusal = { constructor: InputError, message: /^scenario "keep-alive": bursts need the builtin load/ };
    assert.throws(() => assertForK6(mix), refusal);
  });
});

describe('a file that is not a request mix is rejected in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workload-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [first] = requestMix.scenarios;
  const table: [
    what: string,
    content: string | (Omit<RequestMix, 'scenarios'> & { scenarios: unknown[] }),
    message: RegExp,
  ][] = [
    ['invalid JSON', '{\n  "format": oops\n}\n', /: is not JSON/],
    ['an empty file', '', /: is not JSON/],
    ['another format', '{"format":"x","scenarios":[]}', /: format: .*k8s-rollout-test\/workload\/1/],
    ['no scenario', { ...requestMix, scenarios: [] }, /: scenarios: /],
    ['an unknown method', { ...requestMix, scenarios: [{ ...first, method: 'HEAD' }] }, /: scenarios\[0\]\.method: /],
    [
      'a path without a slash',
      { ...requestMix, scenarios: [first, { ...first, path: 'x' }] },
      /: scenarios\[1\]\.path: /,
    ],
    [
      'a rate of 0',
      { ...requestMix, scenarios: [{ ...first, ratePerSecond: 0 }] },
      /: scenarios\[0\]\.ratePerSecond: /,
    ],
    [
      'bursts that are not in order',
      { ...requestMix, scenarios: [{ ...first, bursts: { size: 5, atMs: [10, 10] } }] },
      /: scenarios\[0\]\.bursts\.atMs: must be in ascending order/,
    ],
    [
      'empty bursts',
      { ...requestMix, scenarios: [{ ...first, bursts: { size: 0, atMs: [10] } }] },
      /: scenarios\[0\]\.bursts\.size: /,
    ],
    [
      'sessions with bursts',
      { ...requestMix, scenarios: [{ ...SESSIONS, bursts: { size: 5, atMs: [10] } }] },
      /: scenarios\[0\]: .*"bursts"/,
    ],
    [
      'sessions with a rate',
      { ...requestMix, scenarios: [{ ...SESSIONS, ratePerSecond: 5 }] },
      /: scenarios\[0\]: .*"ratePerSecond"/,
    ],
    ['no sessions', { ...requestMix, scenarios: [{ ...SESSIONS, connections: 0 }] }, /: scenarios\[0\]\.connections: /],
    [
      'another kind of connection',
      { ...requestMix, scenarios: [{ ...first, connection: 'carrier-pigeon' }] },
      /: scenarios\[0\]\.connection: .*'fresh'.*'websocket'/,
    ],
    [
      'a misspelled field',
      { ...requestMix, scenarios: [{ ...first, timeoutMS: 5 }] },
      /: scenarios\[0\]: .*"timeoutMS"/,
    ],
  ];
  for (const [what, content, message] of table) {
    test(what, () => {
      const file = join(folder, 'workload.json');
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      assert.throws(
        () => readRequestMix(file),
        (error) => {
          assert.ok(error instanceof InputError);
          assert.match(error.message, message);
          assert.ok(error.message.startsWith(file));
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      );
    });
  }

  for (const path of [
    '/a b',
    '/\r\nx: y',
    '//elsewhere',
    '/a#b',
    '/\\x',
    '/\u00e9',
    'http://x/',
    '',
    `/${'x'.repeat(9000)}`,
  ]) {
    test(`the path ${JSON.stringify(path.slice(0, 20))}, in a file and as a flag`, () => {
      const file = join(folder, 'workload.json');
      writeFileSync(file, JSON.stringify({ ...requestMix, scenarios: [{ ...first, path }] }));
      assert.throws(() => readRequestMix(file), { constructor: InputError, message: /: scenarios\[0\]\.path: / });
      assert.throws(() => requestMixFromSettings({ path }), { constructor: InputError, message: /^--path / });
    });
  }

  test('a missing file', () => {
    const file = join(folder, 'missing.json');
    assert.throws(() => readRequestMix(file), {
      constructor: InputError,
      message: /missing\.json: there is no such file/,
    });
  });
});
