/** The terminal output of `run`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import { type Advice, advise } from '../../src/analysis/advice.ts';
import type { FixResult } from '../../src/analysis/fix-result.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { changeLines, measuredLines } from '../../src/report/advice.ts';
import { renderFoundFix } from '../../src/report/found-fix.ts';
import { renderOwnService } from '../../src/report/own-service.ts';
import { judge } from '../../src/results/judge.ts';
import { DELETED, failed, pod, trace } from '../analysis/story.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

const PLAIN = picocolors.createColors(false);
const NOTHING = advise([]);

const control = trialResult({ runtime: 'own', variant: 'control' });
const own = (fields: Parameters<typeof trialResult>[0]) =>
  trialResult({ runtime: 'own', variant: 'own', server: 'node server.js', ...fields });

function told(trials: TrialResult[], maxFailed = 0, advice: Advice = NOTHING): string {
  const run = runOfResults(trials, { kind: 'own-service', maxFailed, advice });
  return renderOwnService(run, judge(run), PLAIN);
}

/** No signal was sent. */
const ENDED_IN_HOOK = {
  deletionMs: 1000,
  hook: { kind: 'exec', what: 'kill -QUIT 1', startedMs: 1000, endedMs: 1020, outcome: 'container-ended' },
  exitMs: 1020,
  exitCode: 0,
} as const;

describe('the report on one service begins with the verdict:', () => {
  const cases: [what: string, trials: TrialResult[], maxFailed: number, begins: RegExp][] = [
    [
      'clean',
      [control, own({})],
      0,
      /^node server\.js: a rollout of 3 pods broke 0 of 3,000 exposed requests \(at most 0\.1 %, 95 % confidence\)\n/,
    ],
    [
      'broken',
      [control, own({ disruption: 'rollout', strategy: 'RollingUpdate', causes: { 'routing-lag': 12 } })],
      0,
      /^node server\.js: a rolling update of 3 pods broke 12 of 3,000 exposed requests \(4\.0 per pod\)\n/,
    ],
    [
      'broken in each of several',
      [1, 2].map((repeat) => own({ repeat, strategy: 'RollingUpdate', causes: { 'routing-lag': 6 } })),
      20,
      /^INVALID: node server\.js: 2 rolling updates of 3 pods each broke 12 of 6,000 exposed requests, but/,
    ],
    [
      'several that replaced different numbers of pods',
      [control, own({ repeat: 1, strategy: 'Recreate', podsReplaced: 2 }), own({ repeat: 2, podsReplaced: 3 })],
      0,
      /^node server\.js: 2 Recreate rollouts broke 0 of 6,000 exposed requests \(/,
    ],
    ...(
      [
        [{ disruption: 'scale-down', scaledTo: 1, podsReplaced: 2 }, 'a scale-down to 1 replica'],
        [{ disruption: 'drain', node: 'node1' }, 'a drain of node1'],
        [{ disruption: 'evict', podsReplaced: 1 }, 'an eviction of 1 pod'],
        [{ disruption: 'delete-pod', podsReplaced: 1 }, 'a deletion of 1 pod'],
        [{ disruption: 'restart', podsReplaced: 1 }, 'a container killed by SIGKILL'],
        [{ disruption: 'rollback' }, 'a rollback of 3 pods'],
        [{ disruption: 'bad-version', podsReplaced: 0 }, 'a version that never became ready'],
      ] as const
    ).map(([fields, words]): (typeof cases)[number] => [
      fields.disruption,
      [control, own({ ...fields, strategy: 'RollingUpdate' })],
      0,
      new RegExp(`^node server\\.js: ${words} broke 0 of 3,000 exposed requests \\(`),
    ]),
    [
      'changed by a command of the user',
      [control, own({ server: 'Deployment web', disruption: 'command', strategy: 'RollingUpdate' })],
      0,
      /^Deployment web: the --trigger command broke 0 of 3,000 exposed requests \(/,
    ],
    [
      'several times',
      [control, ...[1, 2].map((repeat) => own({ repeat, disruption: 'command' }))],
      0,
      /^node server\.js: 2 runs of the --trigger command broke 0 of 6,000 /,
    ],
    [
      'measured by a version that did not record its server',
      [control, own({ server: undefined })],
      0,
      /^your server: a rollout of 3 pods broke 0 of /,
    ],
    [
      'allowed',
      [control, own({ causes: { 'routing-lag': 2 } })],
      2,
      /^node server\.js: .* broke 2 of 3,000 .*, no more than --max-failed allows\n/,
    ],
    [
      'invalid',
      [control, own({ valid: false, invalidReasons: ['late'] })],
      0,
      /^INVALID: node server\.js: .* broke 0 of 3,000 .* cannot be trusted\n/,
    ],
    ['nothing', [], 0, /^INVALID: no rollout was measured\n/],
  ];
  for (const [what, trials, maxFailed, begins] of cases) {
    test(what, () => assert.match(told(trials, maxFailed), begins));
  }

  test('then the causes, the most common first, each with its fix, then all trials, the control first', () => {
    const trials = [
      own({ repeat: 1, causes: { 'routing-lag': 3, 'keep-alive-race': 5 } }),
      own({ variant: 'control' }),
      own({}),
    ];
    const text = told(trials);
    assert.match(
      text,
      /5 requests: keep-alive race \(cause 5\)\n {2}Why: .*\n {2}Fix: Answer with .*\n\n3 requests: routing lag \(cause 4\)\n/,
    );
    assert.match(text, /│ control .*\n│ rollout-1 .*\n│ rollout-2 /);
  });

  test('then reasons, without causes or advice, for an invalid measurement', () => {
    const rollout = trace({ load: { failures: [failed('fresh connect ECONNREFUSED', 1500, 1501, { pod: 'old-1' })] } });
    const trials = [control, own({ causes: { 'routing-lag': 3 }, valid: false, invalidReasons: ['late'] })];
    const text = told(trials, 0, advise([rollout]));
    assert.match(text, /^INVALID: .*\n\nProblems:\n {2}invalid: rollout-1: late\n {2}rollout-1 broke 3 requests\n\n┌/);
    assert.doesNotMatch(text, /cause 4|Why:|Fix:|What each change|Measured:|enough/);
  });

  test('and says what is unknown', () => {
    assert.match(
      told([own({ hiddenRetries: null, pid1: false })]),
      /Unknown: whether a client retried.*\nUnknown: what the command does/,
    );
    assert.doesNotMatch(told([own({})]), /Unknown/);
  });
});

describe('advice in words', () => {
  const failures = [failed('fresh connect ECONNREFUSED', 1500, 1501, { pod: 'old-1' })];
  const load = { failures, newConnections: { 'old-1': { lastMs: 1850 } } };
  const pods = [pod('old-1', DELETED.drainedWithoutDelay), pod('new-1')];
  const advice = advise([trace({ pods, load })]);
  const text = [...changeLines(advice), ...measuredLines(advice)].join('\n');
  const lines: [what: string, line: RegExp][] = [
    ['says what a change removes', /^100 % of the failures \(1\): a preStop sleep of 2 s$/m],
    ['says how long the routers lagged', /until 0\.85 s after its deletion\.$/m],
    [
      'says which preStop is enough, with its margin',
      /^preStop: none now; 2 s is enough \(routing lag 0\.8 s \+ margin 1\.0 s/m,
    ],
    [
      'says what the server did with SIGTERM',
      /^SIGTERM: the pod exited by itself within 1\.00 s; it drained, accepting new connections for 0\.00 s\.$/m,
    ],
    ['counts broken requests', /Started after it: 0 answered, 1 failed\.$/m],
  ];
  for (const [what, line] of lines) test(what, () => assert.match(text, line));
  const server = (ended: Partial<Advice['server']>) => {
    const advice = advise([trace({ pods, load })]);
    return measuredLines({ ...advice, server: { ...advice.server, ...ended } }).join('\n');
  };
  const numbers: [what: string, text: string, line: RegExp][] = [
    [
      'one killed pod',
      server({ pods: 3, killed: 1, diedOfSignal: 0 }),
      /: 2 of 3 pods exited by themselves within 1\.00 s, 1 of 3 pods did not exit and was killed at/,
    ],
    [
      'several killed pods',
      server({ pods: 3, killed: 2, diedOfSignal: 1 }),
      /: 2 of 3 pods did not exit and were killed at .*, 1 of 3 pods died of a signal/,
    ],
    [
      'one request on an idle connection',
      server({ idleConnections: { broken: 1, answeredAfterStop: 1 } }),
      /: 1 request sent on one just as it was closed; 1 request was answered on them/,
    ],
    [
      'no drain for pods that gave up on requests',
      server({ gaveUp: { pods: 1, afterMs: 1000 }, inFlight: { broken: 2 } }),
      /: the pod exited by itself within 1\.00 s, giving up on requests that were in flight; it stopped accepting new connections after 0\.00 s\./,
    ],
    [
      'neither a drain nor a missing one for pods that exited soon and failed nothing',
      server({ drained: 0, acceptsAfterSigtermMs: null, inFlight: { broken: 0 } }),
      /: the pod exited by itself within 1\.00 s; nothing that was in flight failed\./,
    ],
    [
      'no sufficient grace period for a server that does not stop by itself',
      server({ killed: 1, endless: 1, idleConnections: { broken: 0, answeredAfterStop: 5 } }),
      /stopped accepting new connections after 0\.00 s, and kept answering on open ones\./,
    ],
    [
      'a hook with an unusual duration',
      measuredLines({
        ...advise([trace({ pods, load })]),
        preStop: { nowSeconds: 0.02352880859375, neededSeconds: 2, marginMs: 1000 },
      }).join('\n'),
      /preStop: 0\.02 s now; 2 s is enough/,
    ],
    [
      'a hook that ended the server',
      measuredLines(advise([trace({ pods: [pod('old-1', ENDED_IN_HOOK), pod('old-2'), pod('new-1')], load })])).join(
        '\n',
      ),
      /^preStop hook: the pod exited by itself within 0\.02 s; .*\nIn flight at the beginning of the hook: none failed/m,
    ],
    [
      'a native sidecar, which has no hook',
      measuredLines({
        ...advise([trace({ pods, load })]),
        preStop: { nowSeconds: 5.2, sidecar: true, neededSeconds: 2, marginMs: 1000 },
      }).join('\n'),
      /preStop: the native sidecar served for 5\.2 s until the app had ended; 2 s is enough/,
    ],
  ];
  for (const [what, text, line] of numbers) test(`words ${what}`, () => assert.match(text, line));

  test('is empty if no rollout was observed', () => assert.deepEqual(measuredLines(NOTHING), []));
});

test('what was assumed about containers that did not run stands beside the verdict', () => {
  const standIns = [
    { name: 'proxy', init: false },
    { name: 'migrate', init: true },
  ];
  const trials = [control, own({ standIns, sharedNetwork: true })];
  const expected = [
    'Assumed: container proxy is always ready and ends at once on its stop signal. It did not run here (to run it: --exec proxy="COMMAND").',
    'Assumed: init container migrate does its work. It did not run here (to run it: --exec migrate="COMMAND").',
    "Pods had no network of their own here. They share this machine's, so their ports are those in PORT and PORT_n, not those of the manifest on localhost.",
  ];
  const found = runOfResults(trials, { kind: 'find-fix' });
  for (const text of [told(trials), renderFoundFix(found, judge(found), undefined, PLAIN)]) {
    const lines = text.split('\n');
    assert.deepEqual(
      expected.filter((line) => !lines.includes(line)),
      [],
      text,
    );
  }
});

describe('the fix that was found', () => {
  const rendered = (fix: FixResult, flags?: string) => {
    const run = runOfResults([control, own({ valid: false, invalidReasons: ['late'] })], { kind: 'find-fix', fix });
    return renderFoundFix(run, judge(run), flags, PLAIN);
  };
  const fix: FixResult = {
    state: 'found',
    changes: [{ fix: 'pre-stop', what: 'a preStop sleep of 2 s' }],
    component: 'kind: Component\n',
    untried: ['graceful shutdown: no'],
    rest: [],
    tried: [
      { set: [], failed: [9], invalid: 1 },
      { set: ['replicas'], failed: [], invalid: 0, refused: 'spec: no' },
      { set: ['pre-stop'], failed: [0, 0, 0], invalid: 0 },
    ],
  };
  test('comes first, then as a component, then what was tried', () => {
    const text = rendered(fix);
    assert.match(
      text,
      /^FOUND: with this change, 3 rollouts of your server broke no requests; nothing smaller was enough\n\n {2}a preStop sleep of 2 s\n/,
    );
    assert.match(text, /\nkind: Component\n\nNot tried: graceful shutdown: no\.\n/);
    assert.match(text, /│ unchanged +│ 9, invalid +│\n│ replicas +│ refused: spec: no +│\n│ pre-stop +│ 0, 0, 0 +│/);
  });
  test('is shown as flags if the deployment came from flags', () => {
    assert.match(rendered(fix, '--pre-stop 2'), /\nAs flags: --pre-stop 2\n/);
  });
  for (const [state, begins] of [
    ['not-found', /^NOT FOUND: /],
    ['nothing-to-fix', /^NOTHING TO FIX: no rollout of your server broke more/],
    ['invalid', /^INVALID: .*\n\nProblems:\n.*\n {2}invalid: rollout-1: late\n/],
  ] as const) {
    test(`says so: ${state}`, () => {
      assert.match(rendered({ ...fix, state, changes: [], component: null }), begins);
    });
  }
});
