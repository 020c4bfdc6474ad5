import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Ticker } from '../../src/load/builtin/ticker.ts';

/** Something that is due every so many ms; it notes how late it was called each time, negative for early. */
function dueEvery(ms: number) {
  const lateMs: number[] = [];
  let nextMs = performance.now();
  const tick = () => {
    const nowMs = performance.now();
    lateMs.push(nowMs - nextMs);
    while (nextMs <= nowMs) nextMs += ms;
    return nextMs - performance.now();
  };
  return { lateMs, tick };
}

describe('a ticker', () => {
  test('calls once for each time that is due, and never before it', async () => {
    const [ticker, member] = [new Ticker(), dueEvery(7)];
    ticker.add(member);
    assert.equal(member.lateMs.length, 1, 'the first time at once');
    await delay(300);
    ticker.remove(member);
    assert.ok(member.lateMs.length > 20 && member.lateMs.length <= 45, `${member.lateMs.length} times`);
    assert.deepEqual(
      member.lateMs.filter((late) => late < -0.1),
      [],
      'too early',
    );
  });

  test('calls nobody whom it was told to leave out, and goes on with the others', async () => {
    const [ticker, left, other] = [new Ticker(), dueEvery(5), dueEvery(5)];
    ticker.add(left);
    ticker.add(other);
    await delay(30);
    ticker.remove(left);
    const [before, others] = [left.lateMs.length, other.lateMs.length];
    await delay(60);
    ticker.remove(other);
    assert.equal(left.lateMs.length, before);
    assert.ok(other.lateMs.length > others);
  });

  test('keeps nobody awake who never wants to be called again', async () => {
    let calls = 0;
    const ticker = new Ticker();
    const member = {
      tick() {
        calls++;
        return Number.POSITIVE_INFINITY;
      },
    };
    ticker.add(member);
    await delay(50);
    ticker.remove(member);
    assert.equal(calls, 1);
  });

  test('calls sooner than it was asked for, if something becomes due meanwhile', async () => {
    let calls = 0;
    const ticker = new Ticker();
    const member = {
      tick() {
        calls++;
        return Number.POSITIVE_INFINITY;
      },
    };
    ticker.add(member);
    ticker.wakeWithin(20);
    ticker.wakeWithin(60_000);
    await delay(60);
    ticker.remove(member);
    assert.equal(calls, 2);
  });
});
