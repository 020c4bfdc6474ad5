/** When the next trial may begin. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { atMost, Pace, type PaceRule } from '../../src/trials/pace.ts';

const forever = new AbortController().signal;
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Begins a trial, and says whether it has begun yet. */
function beginning(pace: Pace, signal = forever) {
  const state = { begun: false, end: pace.begin(signal) };
  state.end.then(
    () => {
      state.begun = true;
    },
    () => {},
  );
  return state;
}

test('a trial begins when another has ended and made room', async () => {
  const pace = new Pace(atMost(2));
  const endFirst = await pace.begin(forever);
  await pace.begin(forever);
  const third = beginning(pace);
  await soon();
  assert.equal(third.begun, false);
  endFirst(true);
  await third.end;
});

test('the first trial begins whatever the rule says', async () => {
  const pace = new Pace({ hasRoom: () => false, askAgainMs: Number.POSITIVE_INFINITY });
  await pace.begin(forever);
});

test('a rule whose answer changes with time is asked again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let room = false;
  const pace = new Pace({ hasRoom: () => room, askAgainMs: 100 });
  await pace.begin(forever);
  const second = beginning(pace);
  t.mock.timers.tick(100);
  await soon();
  assert.equal(second.begun, false);
  room = true;
  t.mock.timers.tick(99);
  await soon();
  assert.equal(second.begun, false);
  t.mock.timers.tick(1);
  await second.end;
});

test('the rule learns how many run, and whether what ended is valid', async () => {
  const seen: unknown[] = [];
  const rule: PaceRule = {
    hasRoom: (running) => seen.push(['asked', running]) > 0,
    askAgainMs: 100,
    onBegin: (running) => seen.push(['begin', running]),
    onEnd: (running, valid) => seen.push(['end', running, valid]),
  };
  const pace = new Pace(rule);
  const end = await pace.begin(forever);
  await pace.begin(forever);
  end(false);
  assert.deepEqual(seen, [
    ['begin', 1],
    ['asked', 1],
    ['begin', 2],
    ['end', 1, false],
  ]);
});

describe('an abort', () => {
  test('ends the wait with its reason, and counts nothing', async () => {
    const pace = new Pace(atMost(1));
    const end = await pace.begin(forever);
    const aborting = new AbortController();
    const second = pace.begin(aborting.signal);
    aborting.abort(new Error('Ctrl-C'));
    await assert.rejects(second, /^Error: Ctrl-C$/);
    end(true);
    await pace.begin(forever);
  });

  test('that came before lets no trial begin', async () => {
    await assert.rejects(new Pace(atMost(1)).begin(AbortSignal.abort(new Error('over'))), /^Error: over$/);
  });
});
