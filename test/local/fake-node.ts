/** A node whose time the test controls: timers, clock and endpoints for routers, probers and the network. */
import type { TestContext } from 'node:test';
import type { EndpointState } from '../../src/clusters/local/router.ts';
import type { TrialClock } from '../../src/trace/clock.ts';

export interface FakeTime extends TrialClock {
  /** Advances the time ms by ms, and lets everything that waits for a timer or a promise proceed. */
  pass(ms: number): Promise<void>;
}

/** Starts at 0 and advances only with `pass`. */
export function fakeTime(t: TestContext): FakeTime {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 0 });
  t.mock.method(performance, 'now', () => Date.now());
  return {
    startedAtEpochMs: 0,
    nowMs: () => Date.now(),
    fromEpochMs: (epochMs) => epochMs,
    async pass(ms) {
      for (let passed = 0; passed < ms; passed++) {
        t.mock.timers.tick(1);
        for (let i = 0; i < 4; i++) await Promise.resolve();
      }
    },
  };
}

const STATES = {
  ready: { podReady: true, terminating: false },
  unready: { podReady: false, terminating: false },
  terminating: { podReady: true, terminating: true },
  ended: { podReady: false, terminating: true },
};

/** Parses endpoints: 'a:ready b:terminating'. */
export function endpointsOf(text: string): EndpointState[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((entry) => {
      const [name = '', state = 'ready'] = entry.split(':');
      return { pod: { uid: name, name }, host: '127.0.0.1', port: 8080, ...STATES[state as keyof typeof STATES] };
    });
}
