/**
 * Kills the program at many random moments and reports what is left of it after 5 s: processes (and with them listening ports
 * and namespaces) and files.
 *
 *   npm run bench:kills [-- COUNT [SEED]]
 */
import pLimit from 'p-limit';
import { killOnce } from '../test-hostile/kill-once.ts';
import { inWords, randomKills } from '../test-hostile/kills.ts';

const AT_A_TIME = 6;
/** A trial takes some 16 s. */
const LONGEST_MS = 16_000;

const count = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`${count} kills, seed ${seed}`);
const limit = pLimit(AT_A_TIME);
const bad = await Promise.all(
  randomKills(count, LONGEST_MS, seed).map((kill) =>
    limit(async () => {
      const left = await killOnce(kill);
      if (left.length > 0) console.log(`${inWords(kill)}: ${left.join('; ')}`);
      return left.length > 0;
    }),
  ),
).then((results) => results.filter(Boolean).length);
console.log(`something was left after ${bad} of ${count} kills`);
process.exitCode = bad === 0 ? 0 : 1;
