/** The program is killed at random moments, and leaves nothing behind; `npm run bench:kills` tests more moments. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CAN_SEE_PROCESSES } from '../test/cli/program.ts';
import { killOnce } from './kill-once.ts';
import { inWords, randomKills } from './kills.ts';

const COUNT = 12;
const LONGEST_MS = 5000;

const seed = Math.floor(Math.random() * 2 ** 31);
const options = { concurrency: 6, skip: !CAN_SEE_PROCESSES && 'what is left cannot be seen here' };

describe(`kills at random moments, seed ${seed}`, options, () => {
  for (const kill of CAN_SEE_PROCESSES ? randomKills(COUNT, LONGEST_MS, seed) : []) {
    it(inWords(kill), async () => assert.deepEqual(await killOnce(kill), []));
  }
});
