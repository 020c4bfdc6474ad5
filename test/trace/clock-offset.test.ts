import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockOffset } from '../../src/trace/clock-offset.ts';

type Exchange = [askedMs: number, remoteMs: number, answeredMs: number];

const table: [what: string, exchanges: Exchange[], offsetMs: number, boundMs: number][] = [
  ['one exchange: half its round trip', [[100, 1105, 110]], 1000, 5],
  [
    'a faster exchange bounds it more tightly',
    [
      [100, 1105, 110],
      [200, 1201, 202],
    ],
    1000,
    1,
  ],
  [
    'a slower exchange changes nothing',
    [
      [200, 1201, 202],
      [300, 1390, 400],
    ],
    1000,
    1,
  ],
  [
    'two exchanges that are slow in opposite directions bound it together',
    [
      [100, 1100, 120],
      [200, 1220, 220],
    ],
    1000,
    0,
  ],
  [
    'an adjusted clock resets the estimate',
    [
      [100, 1105, 110],
      [200, 5205, 210],
    ],
    5000,
    5,
  ],
];
for (const [what, exchanges, offsetMs, boundMs] of table) {
  test(`the offset of a clock: ${what}`, () => {
    const offset = new ClockOffset();
    for (const exchange of exchanges) offset.add(...exchange);
    assert.deepEqual(offset.estimate, { offsetMs, boundMs });
  });
}

test('there is no estimate before the first exchange', () => assert.equal(new ClockOffset().estimate, undefined));

test('one bound gives no estimate, two bounds do', () => {
  const offset = new ClockOffset();
  offset.addBounds(Number.NEGATIVE_INFINITY, 20);
  assert.equal(offset.estimate, undefined);
  offset.addBounds(10, Number.POSITIVE_INFINITY);
  assert.deepEqual(offset.estimate, { offsetMs: 15, boundMs: 5 });
});

test("the other clock's time may be known only as a span", () => {
  const offset = new ClockOffset();
  offset.add(100, 1100, 100, 1110);
  assert.deepEqual(offset.estimate, { offsetMs: 1005, boundMs: 5 });
});
