import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lifecycle, STATES, type State } from '../../app/lifecycle.ts';

/** A lifecycle in this state. */
function lifecycleIn(state: State): Lifecycle {
  const lifecycle = new Lifecycle();
  if (state === 'ready') lifecycle.ready();
  if (state === 'draining' || state === 'stopped') lifecycle.drain();
  if (state === 'stopped') lifecycle.stop();
  return lifecycle;
}

const TRANSITIONS = { ready: 'ready', drain: 'draining', stop: 'stopped' } as const;

const LEGAL: [from: State, call: keyof typeof TRANSITIONS][] = [
  ['starting', 'ready'],
  ['starting', 'drain'],
  ['ready', 'drain'],
  ['draining', 'stop'],
];

describe('lifecycle states', () => {
  for (const from of STATES) {
    for (const call of ['ready', 'drain', 'stop'] as const) {
      const legal = LEGAL.some(([state, name]) => state === from && name === call);
      it(`${from}: ${call}() ${legal ? `leads to ${TRANSITIONS[call]}` : 'throws and changes nothing'}`, () => {
        const lifecycle = lifecycleIn(from);
        if (legal) lifecycle[call]();
        else
          assert.throws(() => lifecycle[call](), {
            message: `illegal transition from ${from} to ${TRANSITIONS[call]}`,
          });
        assert.equal(lifecycle.state, legal ? TRANSITIONS[call] : from);
      });
    }
  }

  it('asks clients to close once it is draining', () => {
    const closing = STATES.map((state) => [state, lifecycleIn(state).closing]);
    assert.deepEqual(Object.fromEntries(closing), { starting: false, ready: false, draining: true, stopped: true });
  });
});

describe('lifecycle work', () => {
  it('counts each kind of work, and counts it as done only once, however often its end is reported', () => {
    const lifecycle = new Lifecycle();
    const finish = lifecycle.begin('requests');
    lifecycle.begin('webSockets', () => {});
    assert.deepEqual(lifecycle.active, { requests: 1, streams: 0, eventStreams: 0, webSockets: 1 });
    finish();
    finish();
    assert.deepEqual(lifecycle.active, { requests: 0, streams: 0, eventStreams: 0, webSockets: 1 });
    assert.equal(lifecycle.handled, 1);
  });

  it('counts only requests as handled', () => {
    const lifecycle = new Lifecycle();
    lifecycle.begin('streams')();
    assert.equal(lifecycle.handled, 0);
  });

  it('ends sessions when asked to, each once, and not those that are over', () => {
    const lifecycle = new Lifecycle();
    const ended: string[] = [];
    lifecycle.begin('webSockets', () => ended.push('over'))();
    const finish = lifecycle.begin('webSockets', () => {
      ended.push('socket');
      finish();
    });
    lifecycle.begin('eventStreams', () => ended.push('events'));
    lifecycle.endSessions();
    assert.deepEqual(ended, ['socket', 'events']);
  });

  it('ends a session that begins later at once', () => {
    const lifecycle = new Lifecycle();
    lifecycle.endSessions();
    let ended = 0;
    lifecycle.begin('eventStreams', () => ended++);
    assert.equal(ended, 1);
    assert.equal(lifecycle.active.eventStreams, 1);
  });

  it('is idle at first, and again when the last work is over', async () => {
    const lifecycle = new Lifecycle();
    await lifecycle.whenIdle();
    const finishers = [lifecycle.begin('requests'), lifecycle.begin('streams')];
    let idle = false;
    const whenIdle = lifecycle.whenIdle().then(() => {
      idle = true;
    });
    finishers[0]?.();
    await Promise.resolve();
    assert.equal(idle, false);
    finishers[1]?.();
    await whenIdle;
    assert.equal(idle, true);
  });
});
