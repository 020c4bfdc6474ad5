/** Servers that try to break the sessions of the load: the program ends in time, with one line or a verdict. */
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { held } from './program.ts';

const SERVER = join(import.meta.dirname, 'servers', 'sessions.mjs');
const LIMIT_MS = 90_000;

/** A measurement that is not valid counts: sessions that fail without a rollout are the server's own. */
const MEASURED = [0, 1, 3];

const CASES: [scenario: 'events' | 'websocket', kind: string, codes: number[]][] = [
  ['websocket', 'never answers', [4]],
  ['events', 'never answers', [4]],
  ['websocket', 'answers with the wrong proof', [2]],
  ['websocket', 'answers with a page', [2]],
  ['events', 'answers with a page', [2]],
  ['websocket', 'sends a frame of 2^40 bytes', MEASURED],
  ['websocket', 'pings as fast as it can and reads nothing', MEASURED],
  ['websocket', 'masks its frames', MEASURED],
  ['websocket', 'closes each session at once', MEASURED],
  ['events', 'ends each stream after a second', MEASURED],
  ['events', 'sends events as fast as it can', MEASURED],
  ['events', 'sends chunks of garbage', MEASURED],
];

describe('sessions with a hostile server', { concurrency: 12 }, () => {
  for (const [scenario, kind, codes] of CASES) {
    it(`${scenario}: ${kind}`, async (t) => {
      const flags = ['--scenario', scenario, '--sessions', '2', '--replicas', '1', '--grace', '3'];
      await held(t, ['run', ...flags, '--', process.execPath, SERVER, kind], { codes, deadlineMs: LIMIT_MS });
    });
  }
});
