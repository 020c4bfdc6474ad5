import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deriveSeed, type Random, seededRandom } from '../../src/random.ts';

const ITEMS = Array.from({ length: 50 }, (_, index) => index);

const repeated = <T>(times: number, draw: () => T): T[] => Array.from({ length: times }, draw);

describe('seeded randomness', () => {
  const draws: Record<string, (random: Random) => unknown> = {
    next: (random) => random.next(),
    pick: (random) => random.pick(ITEMS),
    shuffle: (random) => random.shuffle(ITEMS),
    draw: (random) => random.draw([1, 10, 100]),
  };
  for (const [name, draw] of Object.entries(draws)) {
    test(`${name}: the same seed gives the same sequence, another seed another`, () => {
      const sequence = (seed: number) => {
        const random = seededRandom(seed);
        return repeated(20, () => draw(random));
      };
      assert.deepEqual(sequence(42), sequence(42));
      assert.notDeepEqual(sequence(42), sequence(43));
    });
  }

  test('is the same on every machine and in every version', () => {
    const random = seededRandom(1);
    assert.deepEqual([random.pick(ITEMS), random.pick(ITEMS), random.pick(ITEMS)], [46, 28, 31]);
  });

  test('shuffle returns every item once in another order, and does not change its argument', () => {
    const items = [...ITEMS];
    const shuffled = seededRandom(1).shuffle(items);
    assert.deepEqual(items, ITEMS);
    assert.notDeepEqual(shuffled, ITEMS);
    assert.deepEqual(
      shuffled.toSorted((a, b) => a - b),
      ITEMS,
    );
  });

  test('shuffle returns all orders of three items about equally often', () => {
    const random = seededRandom(2);
    const counts = new Map<string, number>();
    for (const order of repeated(6000, () => random.shuffle(['a', 'b', 'c']).join(''))) {
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const [order, times] of counts) assert.ok(Math.abs(times - 1000) < 150, `${order}: ${times} of 6000`);
  });

  test('pick returns each item sometimes, and undefined if there are none', () => {
    const random = seededRandom(3);
    assert.deepEqual([...new Set(repeated(200, () => random.pick(['a', 'b', 'c'])))].sort(), ['a', 'b', 'c']);
    assert.equal(random.pick([]), undefined);
  });

  test('draw stays within the samples and follows their distribution', () => {
    const random = seededRandom(4);
    const drawn = repeated(4000, () => random.draw([0, 10, 1000]));
    assert.ok(drawn.every((value) => value >= 0 && value <= 1000));
    const low = drawn.filter((value) => value <= 10).length;
    assert.ok(Math.abs(low - 2000) < 200, `${low} of 4000 at or below the median`);
    assert.ok(new Set(drawn).size > 3900, 'between the samples too');
  });

  test('draw from a single sample returns that sample', () => assert.equal(seededRandom(5).draw([7]), 7));
});

describe('derived seeds', () => {
  test('are reproducible integers within the range of the generator', () => {
    const seed = deriveSeed(1, 'load');
    assert.equal(deriveSeed(1, 'load'), seed);
    assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31);
  });

  test('differ by part and by run', () => {
    const seeds = [0, 1, 2 ** 31 - 1].flatMap((seed) =>
      ['load', 'node1', 'node2', 'node/valid/0', 'node/valid/1', ''].map((part) => deriveSeed(seed, part)),
    );
    assert.equal(new Set(seeds).size, seeds.length);
  });
});
