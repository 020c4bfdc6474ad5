/** The order of a shutdown, with a server that only records the calls it gets. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { Lifecycle } from '../../app/lifecycle.ts';
import { createShutdown, type ServerControls, type ShutdownOptions } from '../../app/shutdown.ts';

const DRAIN_DELAY_MS = 1000;
const DEADLINE_MS = 4500;

/** How long a timer of 0 ms takes. The listener is closed after it. */
const ONE_TURN = 1;

let steps: string[];
let lifecycle: Lifecycle;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  steps = [];
  lifecycle = new Lifecycle();
  lifecycle.ready();
});
afterEach(() => mock.timers.reset());

function handler(mode: ShutdownOptions['mode'], server: Partial<ServerControls> = {}): (signal: string) => void {
  return createShutdown({
    mode,
    drainDelayMs: DRAIN_DELAY_MS,
    deadlineMs: DEADLINE_MS,
    lifecycle,
    log: (event) => steps.push(event),
    server: {
      close: async () => void steps.push('close()'),
      stopListening: async () => void steps.push('stopListening()'),
      exit: (code) => steps.push(`exit(${code})`),
      ...server,
    },
  });
}

/** Lets `ms` pass, then runs everything that does not wait for a timer. */
async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('drain', () => {
  it('loses readiness, waits, stops listening, ends sessions, waits for work, exits', async () => {
    const finishSession = lifecycle.begin('webSockets', () => steps.push('session told to end'));
    const finishRequest = lifecycle.begin('requests');

    handler('drain')('SIGTERM');
    assert.deepEqual([steps.splice(0), lifecycle.state], [['sigterm', 'draining'], 'draining']);
    await pass(DRAIN_DELAY_MS - 1);
    assert.deepEqual(steps, []);
    await pass(1);
    assert.deepEqual(steps.splice(0), ['stopListening()']);
    await pass(ONE_TURN);
    assert.deepEqual(steps.splice(0), ['stopped', 'session told to end']);
    assert.equal(lifecycle.state, 'stopped');
    finishSession();
    await pass(0);
    assert.deepEqual(steps, []);
    finishRequest();
    await pass(0);
    assert.deepEqual(steps.splice(0), ['exit', 'exit(0)']);
    await pass(DEADLINE_MS);
    assert.deepEqual(steps, [], 'the deadline was taken back');
  });

  it('exits with 1 at the deadline, counted from the signal', async () => {
    lifecycle.begin('requests');
    handler('drain')('SIGTERM');
    await pass(DRAIN_DELAY_MS);
    await pass(DEADLINE_MS - DRAIN_DELAY_MS - 1);
    assert.equal(steps.includes('exit'), false);
    await pass(1);
    assert.deepEqual(steps.slice(-2), ['exit', 'exit(1)']);
  });

  it('exits with 1 if the server cannot be stopped', async () => {
    handler('drain', { stopListening: () => Promise.reject(new Error('not running')) })('SIGTERM');
    await pass(DRAIN_DELAY_MS);
    assert.deepEqual(steps.slice(-3), ['shutdown-error', 'exit', 'exit(1)']);
  });

  it('handles a signal before the listener is open', async () => {
    lifecycle = new Lifecycle();
    handler('drain')('SIGTERM');
    await pass(DRAIN_DELAY_MS);
    await pass(ONE_TURN);
    assert.deepEqual(steps.slice(-1), ['exit(0)']);
  });
});

describe('a second signal', () => {
  for (const mode of ['drain', 'close'] as const) {
    it(`changes nothing (${mode})`, async () => {
      lifecycle.begin('requests');
      const onSignal = handler(mode, { close: () => new Promise(() => {}) });
      onSignal('SIGTERM');
      const before = steps.splice(0);
      onSignal('SIGTERM');
      onSignal('SIGINT');
      assert.deepEqual(steps, ['signal-ignored', 'signal-ignored']);
      assert.equal(before.includes('exit'), false);
    });
  }
});

describe('the naive modes', () => {
  it('exit: exits at once, whatever it is doing', () => {
    lifecycle.begin('requests');
    handler('exit')('SIGTERM');
    assert.deepEqual(steps, ['sigterm', 'exit', 'exit(0)']);
  });

  it("close: only the runtime's own stop, without changing the service", async () => {
    handler('close')('SIGTERM');
    await pass(ONE_TURN);
    assert.deepEqual(steps, ['sigterm', 'close()', 'stopped', 'exit', 'exit(0)']);
    assert.equal(lifecycle.state, 'ready');
  });
});
