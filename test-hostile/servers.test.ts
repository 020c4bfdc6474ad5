/**
 * Servers that try to break the program: it ends in time, with one line or a verdict, and leaves nothing of them
 * behind.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ProgramError } from '../src/errors.ts';
import { RequestMix } from '../src/load/request-mix.ts';
import { canBePid1 } from '../src/processes/container-process.ts';
import { holdPort } from '../src/processes/ports.ts';
import { firstAnswers } from '../src/trials/first-answer.ts';
import { held } from './program.ts';

const serverAs = (file: string) => (kind: string) => [
  process.execPath,
  join(import.meta.dirname, 'servers', file),
  kind,
];
const answering = serverAs('answers.mjs');
const living = serverAs('processes.mjs');

/** For the control and the rollout, each of which is measured once more if the machine was too busy for the load. */
const LIMIT_MS = 120_000;

/** How the program may end with a server. */
const CODES = {
  /** Its rollouts can be measured, or could be on a quiet machine. */
  measured: [0, 1, 3],
  /** It does not speak HTTP/1.1. */
  refused: [2],
  /** It does not start, or does not serve. */
  broken: [4],
};

const RUN: Record<keyof typeof CODES, { answers: string[]; processes: string[] }> = {
  measured: {
    answers: ['a response before the request'],
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
      'chunks without end',
      'a huge length',
      'a chunk of 2^63 bytes',
      'HTTP/0.9',
      'a header with control characters',
    ],
    processes: [],
  },
  broken: { answers: ['silence', 'status 101', 'a close at once'], processes: ['ends at once', 'crashes at once'] },
};

/** Responses that are judged before any load, by the first request. */
const FIRST_ANSWERS = {
  refused: [
    'a body without end',
    'a negative length',
    'two lengths',
    'a length and chunks',
    'chunks of garbage',
    'a chunk extension without end',
    'trailers without end',
    'another version of HTTP',
    'status 000',
    'status 999',
    'status 204 with a body',
    'statuses 1xx for ever',
    'a greeting of another protocol',
  ],
  taken: ['responses nobody asked for', 'a keep-alive of years', 'one byte at a time'],
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

describe('the first response of hostile servers', { concurrency: 4 }, () => {
  const firstAnswerOf = async (t: TestContext, kind: string) => {
    const { port, release } = await holdPort();
    await release();
    const [program = '', ...args] = answering(kind);
    const child = spawn(program, args, { env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) } });
    t.after(() => child.kill('SIGKILL'));
    const scenario = { name: 'fresh', method: 'POST', path: '/', connection: 'fresh' } as const;
    const load = { ratePerSecond: 1, connections: 1, timeoutMs: 3000 };
    const requestMix = { format: 'k8s-rollout-test/workload/1', scenarios: [{ ...scenario, ...load }] } as const;
    const target = { kind: 'url', url: `http://127.0.0.1:${port}` } as const;
    const options = {
      target,
      requestMix: RequestMix.parse(requestMix),
      signal: t.signal,
      limitMs: 20_000,
      onWait: () => {},
    };
    return firstAnswers(options);
  };
  for (const kind of FIRST_ANSWERS.refused) {
    it(`refused: ${kind}`, async (t) => assert.rejects(firstAnswerOf(t, kind), ProgramError));
  }
  for (const kind of FIRST_ANSWERS.taken) it(`taken: ${kind}`, async (t) => firstAnswerOf(t, kind));
});

/**
 * conform must report in order whatever such a server does; what cannot be measured is an input or environment error.
 */
const CONFORM: Record<'answers' | 'processes', string[]> = {
  answers: [
    'endless garbage',
    'a status line without end',
    'a length that is no number',
    'a chunk of minus one byte',
    'one byte at a time',
    'half a response',
    'an end without a response',
    'a reset',
    'an end at once',
  ],
  processes: [
    'listens on nothing',
    'listens on another port',
    'listens on IPv6 alone',
    'stops itself',
    'prints as fast as it can',
    'runs itself again',
    'ignores SIGTERM',
    'leaves daemons behind on SIGTERM',
    'crashes on SIGTERM',
    'listens again on SIGTERM',
    'crashes at each request',
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
