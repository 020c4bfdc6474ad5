/** Every case has a server that passes it and one that fails it; all of them run here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CASES } from '../../src/conform/cases/registry.ts';
import type { CaseResult } from '../../src/conform/suite.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { faulty, IMPATIENT, IN_A_SHELL, verdicts, WRAPPED, WRAPPED_CUTTER } from './suite.ts';

/** The fault that fails each case (servers/faulty.mjs), and the expected observation. */
const FAILING: Record<string, [fault: string, seen: RegExp]> = {
  'exits-on-sigterm': ['ignores-sigterm', /^still running at the end of the grace period/],
  'exit-code-zero': ['exits-with-143', /^it ended with exit code 143$/],
  'prompt-when-idle': ['lingers', /^it took [34](\.\d)? s, though it was idle$/],
  'sigint-too': ['dies-of-sigint', /^the request in flight is cut, the process ended with exit code 130$/],
  'second-sigterm': ['dies-of-a-second-signal', /; the process ended with exit code 1$/],
  'signal-as-the-port-opens': ['handler-comes-late', /^still running/],
  'no-zombies': ['leaves-zombies', /^sleep was a zombie for 1 s$/],
  'in-flight-completes': [
    'does-not-wait-for-requests',
    /^connection (closed|reset) without a response at T \+ \d+ ms$/,
  ],
  'silent-request-completes': ['ends-silent-requests', /^connection (closed|reset) without a response$/],
  'upload-completes': ['cuts-uploads-at-sigterm', /^connection (closed|reset) without a response$/],
  'upload-outlasts-the-listener': ['cuts-uploads-when-it-stops', /^connection (closed|reset) without a response$/],
  'stream-completes': ['cuts-streams', /^connection (closed|reset) within the response$/],
  'pipelined-requests': ['closes-after-each-response', /^[12] of 3 answered, none with Connection: close$/],
  'half-sent-head': ['closes-connections-without-a-request', /^on a new connection: connection/],
  backlog: ['stops-at-once', /^\d+ did not: connection reset/],
  'keeps-connections': ['keeps-no-connection', /^GET \/ was answered with it$/],
  'idle-connections-closed': ['waits-for-idle-connections', /^it took \d(\.\d)? s, though its connections were idle$/],
  'silent-connection': ['waits-for-silent-connections', /never carried a byte$/],
  'announces-close': ['announces-nothing', /^\d+ responses without it, then: connection/],
  'busy-connections': ['waits-for-clients-to-close', /^still running/],
  'keep-alive-race': ['announces-late', /^\d were closed without one$/],
  'new-connections': ['stops-at-once', /^at T \+ \d+ ms: connection/],
  'readiness-first': ['readiness-stays', /^connection refused at T \+ \d+ ms, and 200 until then$/],
  'port-closed-before-the-end': ['never-closes-its-port', /^it was closed (after the response|not at all)$/],
  'web-socket-1001': ['terminates-web-sockets', /^1006$/],
  'exits-after-web-sockets': ['forgets-that-web-sockets-closed', /^it took [34](\.\d)? s$/],
  'web-socket-without-answer': ['waits-for-web-sockets', /^still running/],
  'event-stream-ends': ['leaves-event-streams-open', /^connection (closed|reset) within the response$/],
  'deadline-of-its-own': ['no-deadline', /^still running/],
  'no-silent-cut': [
    'exits-with-0-at-its-deadline',
    /^\S+ \S+: connection (closed|reset) \w+ \w+ response at T \+ \d\.\d s; exit code 0, nothing printed$/,
  ],
  'clients-that-abort': [
    'fails-when-clients-abort',
    /^the request in flight is cut, the process ended with exit code 1$/,
  ],
  'head-never-completed': ['waits-for-clients-to-close', /^still running/],
  'idle-limit': ['closes-before-it-says', /^closed (\d+ ms|1\.\d s) after its last response$/],
};

const WRAPPER_CASE = 'through-the-wrapper';

test('there is a failing server for every case', () => {
  const ids = CASES.map(({ id }) => id);
  assert.deepEqual([...Object.keys(FAILING), WRAPPER_CASE].sort(), [...ids].sort());
  assert.deepEqual(
    CASES.map(({ number }) => number),
    ids.map((_id, index) => index + 1),
  );
  assert.equal(new Set(ids).size, ids.length);
});

const options = {
  skip: canBePid1() ? false : 'processes cannot be PID 1 of a namespace of their own here',
  // They mostly wait.
  concurrency: 5,
};

describe('conformance cases', options, () => {
  test('the graceful server passes all of them', async () => {
    const ids = CASES.map(({ id }) => id).filter((id) => id !== WRAPPER_CASE);
    const results = await verdicts(faulty('none'), ids);
    assert.deepEqual(
      results.filter(({ status }) => status !== 'pass'),
      [],
    );
  });

  for (const fault of new Set(Object.values(FAILING).map(([name]) => name))) {
    const ids = Object.keys(FAILING).filter((id) => FAILING[id]?.[0] === fault);
    test(`the server with the fault ${fault} fails ${ids.join(' and ')}`, async () => {
      for (const result of await verdicts(faulty(fault), ids)) {
        assert.equal(result.status, 'fail', `${result.id}: ${JSON.stringify(result)}`);
        assert.match(result.status === 'fail' ? result.seen : '', FAILING[result.id]?.[1] as RegExp);
      }
    });
  }

  test('the limit of idle connections that a server closes soon is a warning, with the gateways that keep longer', async () => {
    const [result] = await verdicts(faulty('closes-idle-connections-soon'), ['idle-limit']);
    assert.ok(result?.status === 'warning', JSON.stringify(result));
    assert.match(
      result.seen,
      /^closed (\d+ ms|1(\.\d)? s) after its last response; it announces Keep-Alive: timeout=0$/,
    );
    assert.match(result.advice, /by default .*ingress-nginx \(60 s\), .*Envoy \(1 h\).*; set its limit above/);
  });

  test('a server that keeps an idle connection passes, with the time that it was seen', async () => {
    const [result] = await verdicts(faulty('none'), ['idle-limit']);
    assert.ok(result?.status === 'pass', JSON.stringify(result));
    assert.equal(result.seen, 'open after 3 s without a request; it announces Keep-Alive: timeout=60');
  });

  test('a server without keep-alive has no limit', async () => {
    const [result] = await verdicts(faulty('keeps-no-connection'), ['idle-limit']);
    assert.ok(result?.status === 'not-applicable', JSON.stringify(result));
    assert.match(result.reason, /^it closes every connection after a response$/);
  });

  const wrappers: { what: string; command: string[]; status: CaseResult['status']; seen?: RegExp }[] = [
    { what: 'a wrapper that passes the signal on and waits', command: WRAPPED, status: 'pass' },
    { what: 'a wrapper that keeps the signal to itself', command: IN_A_SHELL, status: 'fail', seen: /^still running/ },
    {
      what: 'a wrapper that does not wait',
      command: IMPATIENT('exits'),
      status: 'fail',
      seen: /^impatient-wrapper.mjs ended [345]\d\d ms after SIGTERM while faulty.mjs was still running; GET \S+ was cut$/,
    },
    {
      what: 'a wrapper that kills',
      command: IMPATIENT('kills'),
      status: 'fail',
      seen: /^impatient-wrapper.mjs sent SIGKILL to faulty.mjs [345]\d\d ms after SIGTERM; GET \S+ was cut$/,
    },
    {
      what: 'a wrapper that waits for a server that does not wait',
      command: WRAPPED_CUTTER,
      status: 'not-applicable',
      seen: /^faulty.mjs itself cuts the request in flight/,
    },
    { what: 'no wrapper', command: faulty('none'), status: 'not-applicable', seen: /^the first process is the server/ },
  ];
  for (const { what, command, status, seen } of wrappers) {
    test(`${what}: ${status}`, async () => {
      const [result] = await verdicts(command, [WRAPPER_CASE]);
      assert.equal(result?.status, status, JSON.stringify(result));
      const words = result?.status === 'fail' ? result.seen : result?.status === 'not-applicable' ? result.reason : '';
      assert.match(words, seen ?? /^$/);
    });
  }
});
