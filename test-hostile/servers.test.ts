/** Servers made to break the program: it ends in time, in one line or with a verdict, and nothing of them is left. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { canBePid1 } from '../src/processes/container-process.ts';
import { held } from './program.ts';

const serverAs = (file: string) => (kind: string) => [
  process.execPath,
  join(import.meta.dirname, 'servers', file),
  kind,
];
const answering = serverAs('answers.mjs');
const living = serverAs('processes.mjs');

/** From its start to its end: a trial takes 16 s, and a server that is silent is waited for a minute. */
const LIMIT_MS = 150_000;

/** What the program may say of a server. */
const CODES = {
  /** Its rollouts can be measured, or could if the machine were quiet. */
  measured: [0, 1, 3],
  /** It is no server that speaks HTTP/1.1. */
  refused: [2],
  /** It does not start, or does not serve. */
  broken: [4],
};

const RUN: Record<keyof typeof CODES, { answers: string[]; processes: string[] }> = {
  measured: {
    answers: ['responses nobody asked for', 'a response before the request', 'a keep-alive of years'],
    processes: [
      'stops itself on SIGTERM',
      'prints 100 MB without a line end',
      'prints as fast as it can on SIGTERM',
      'prints events that never happened',
      'leaves daemons behind',
      'has 300 children',
      'never lets the loop turn on SIGTERM',
    ],
  },
  refused: {
    answers: [
      'garbage',
      'endless headers',
      'a header of 100 MB',
      'a body without end',
      'chunks without end',
      'a negative length',
      'a huge length',
      'two lengths',
      'a length and chunks',
      'chunks of garbage',
      'a chunk of 2^63 bytes',
      'a chunk extension without end',
      'trailers without end',
      'HTTP/0.9',
      'another version of HTTP',
      'status 999',
      'status 204 with a body',
      'a header with control characters',
      'a greeting of another protocol',
    ],
    processes: [],
  },
  broken: { answers: ['silence', 'status 101', 'a close at once'], processes: ['ends at once', 'crashes at once'] },
};

const RUN_FLAGS = ['run', '--replicas', '1', '--rate', '20', '--grace', '3'];

describe('run on hostile servers', { concurrency: 12 }, () => {
  for (const kind of ['broken', 'measured', 'refused'] as const) {
    const { answers, processes } = RUN[kind];
    for (const [name, command] of [
      ...answers.map((name) => [name, answering(name)] as const),
      ...processes.map((name) => [name, living(name)] as const),
    ]) {
      it(`${kind}: ${name}`, async (t) => {
        await held(t, [...RUN_FLAGS, '--', ...command], { codes: CODES[kind], deadlineMs: LIMIT_MS });
      });
    }
  }
});

/** Whatever it says, conform must say it in order; what cannot be measured is refused or environment. */
const CONFORM: Record<'answers' | 'processes', string[]> = {
  answers: [
    'endless garbage',
    'a status line without end',
    'a length that is no number',
    'a chunk of minus one byte',
    'statuses 1xx for ever',
    'status 000',
    'one byte at a time',
    'half a response',
    'an end without a response',
    'a reset',
    'a reset at once',
    'an end at once',
  ],
  processes: [
    'listens on nothing',
    'listens on another port',
    'listens on IPv6 alone',
    'stops itself',
    'prints as fast as it can',
    'has a title of its own',
    'prints bytes that are no text',
    'runs itself again',
    'ignores SIGTERM',
    'leaves daemons behind on SIGTERM',
    'crashes on SIGTERM',
    'listens again on SIGTERM',
    'crashes at each request',
    'never lets the loop turn at a request',
  ],
};

describe('conform on hostile servers', { concurrency: 8, skip: !canBePid1() && 'no PID namespaces here' }, () => {
  for (const [name, command] of [
    ...CONFORM.answers.map((name) => [name, answering(name)] as const),
    ...CONFORM.processes.map((name) => [name, living(name)] as const),
  ]) {
    it(name, async (t) => {
      const { code, stdout } = await held(t, ['conform', '--case', '1,2', '--grace', '3', '--', ...command], {
        codes: [0, 1, 2, 3, 4],
        deadlineMs: LIMIT_MS,
      });
      if (code === 0 || code === 1) assert.notEqual(stdout, '');
    });
  }
});
