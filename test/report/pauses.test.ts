/** What reports say about controls with pauses. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import type { PausesFigures } from '../../src/analysis/pauses.ts';
import { comparisonHeadline } from '../../src/report/headline.ts';
import { comparisonNotes, ownServiceNotes } from '../../src/report/notes.ts';
import { renderOwnService } from '../../src/report/own-service.ts';
import { pausesNotes } from '../../src/report/pauses.ts';
import { judge } from '../../src/results/judge.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

const paused = (pauses: PausesFigures, fields: Parameters<typeof trialResult>[0] = {}) =>
  trialResult({ variant: 'pauses', through: 'nginx', ...fields, pauses });
const bursts = (post: number, get = 0, refused = 0): PausesFigures => ({
  idleLimitMs: 5999.1,
  watchedMs: 30_000,
  bursts: 16,
  methods: [
    { method: 'POST', requests: 480, lost: post, refused },
    { method: 'GET', requests: 480, lost: get, refused: 0 },
  ],
});
const HIDDEN = [{ cause: 'keep-alive-race' as const, method: 'GET', requests: 10 }];

describe('the notes on pauses', () => {
  const table: [what: string, trial: ReturnType<typeof paused>, note: string][] = [
    [
      'requests that were lost, and those that the gateway hid',
      paused(bursts(20), { hiddenByGateway: HIDDEN }),
      'Node behind nginx, without any rollout: 20 of 480 POST were lost, 10 of 480 GET were hidden by a retry because the server closes idle connections after 6.0 s and nginx keeps them longer; see k8s-rollout-test explain idle-timeout.',
    ],
    [
      'one lost request',
      paused(bursts(0, 1)),
      'Node behind nginx, without any rollout: 1 of 480 GET was lost because the server closes idle connections after 6.0 s and nginx keeps them longer; see k8s-rollout-test explain idle-timeout.',
    ],
    [
      'a gateway that took all pods for broken',
      paused(bursts(7, 0, 189)),
      'Node behind nginx, without any rollout: 7 of 480 POST were lost because the server closes idle connections after 6.0 s and nginx keeps them longer; see k8s-rollout-test explain idle-timeout. nginx then took these pods for broken, and answered 189 more requests with an error without sending them to any.',
    ],
    [
      'nothing lost',
      paused(bursts(0)),
      'Node behind nginx, without any rollout: the server closes idle connections after 6.0 s. In this run, no request after such a pause was lost (16 bursts). That does not show that there is no race.',
    ],
    [
      'a server that closes nothing',
      paused({ watchedMs: 30_000, methods: [] }, { runtime: 'deno' }),
      "Deno behind nginx, without any rollout: the server's idle connections were open after 30 s, so requests after pauses were not measured.",
    ],
    [
      'a server that keeps nothing',
      paused({ idleLimitMs: 0, watchedMs: 30_000, methods: [] }),
      'Node behind nginx, without any rollout: the server keeps no idle connection, so requests cannot be lost on one.',
    ],
  ];
  for (const [what, trial, note] of table) {
    test(what, () => {
      assert.deepEqual(pausesNotes([trialResult(), trial]), [note]);
      assert.ok(comparisonNotes([trial]).includes(note));
      assert.ok(ownServiceNotes([trial]).includes(note));
    });
  }

  test('add up the repeats, and keep servers and gateways apart', () => {
    const notes = pausesNotes([
      paused(bursts(2)),
      paused(bursts(3), { repeat: 1 }),
      paused(bursts(4), { runtime: 'bun' }),
      paused(bursts(5), { through: 'caddy' }),
    ]);
    const counts = notes.map((note) => /^(\S+ behind \S+),.*: (\d+ of \d+)/.exec(note)?.slice(1).join(': '));
    assert.deepEqual(counts, [
      'Node behind nginx: 5 of 960',
      'Bun behind nginx: 4 of 480',
      'Node behind caddy: 5 of 480',
    ]);
  });
});

test('a comparison of controls alone has no headline about rollouts', () => {
  assert.equal(comparisonHeadline([paused(bursts(2))]).text, 'Requests lost without a rollout');
});

test('a clean rollout does not make losses after pauses look good', () => {
  const own = (variant: string, fields = {}) =>
    trialResult({ runtime: 'own', variant, server: 'node server.js', through: 'nginx', ...fields });
  const trials = [own('own'), own('pauses', { pauses: bursts(7), causes: { 'keep-alive-race': 7 } }), own('control')];
  const run = runOfResults(trials, { kind: 'own-service' });
  const lines = renderOwnService(run, judge(run), picocolors.createColors(false)).split('\n');
  assert.match(lines[0] ?? '', /broke 0 of .*, but requests after pauses were lost without a rollout$/);
  const rows = lines.map((line) => /(control|pauses|rollout)\S*-behind-nginx\S*/.exec(line)?.[1]).filter(Boolean);
  assert.deepEqual(rows, ['control', 'pauses', 'rollout']);
});
