import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded source of randomness: the same seed gives the same sequence on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** One of the items, each equally likely; undefined if there are none. */
  pick<T>(items: readonly T[]): T | undefined;
  /** The items in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** A value drawn from an empirical distribution: linear between its sorted samples. */
  draw(sortedSamples: readonly number[]): number;
}

export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const next = () => uniformFloat64(generator);
  return {
    next,
    pick: (items) => (items.length === 0 ? undefined : items[uniformInt(generator, 0, items.length - 1)]),
    shuffle: (items) => {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        [shuffled[i], shuffled[j]] = [
          shuffled[j] as (typeof shuffled)[number],
          shuffled[i] as (typeof shuffled)[number],
        ];
      }
      return shuffled;
    },
    draw: (samples) => {
      const position = next() * (samples.length - 1);
      const below = samples[Math.floor(position)] ?? Number.NaN;
      const above = samples[Math.ceil(position)] ?? below;
      return below + (above - below) * (position - Math.floor(position));
    },
  };
}

/** A seed for one part of a run, so that its random choices do not depend on other parts or on their order. */
export function deriveSeed(seed: number, part: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0; // FNV-1a, 32 bit
  for (const byte of new TextEncoder().encode(part)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash & 0x7fffffff;
}
