/** Which pod a request reached. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answeringPod, type SeenOfRequest } from '../../src/load/answering-pod.ts';

const table: [what: string, seen: SeenOfRequest, pod: string | undefined][] = [
  ['the one that its response names', { answered: 'a', dialled: 'b', answeredBefore: 'c' }, 'a'],
  ['without a response, the one that was dialled', { dialled: 'b', answeredBefore: 'c' }, 'b'],
  ['through a URL, the one that answered last on the connection', { dialled: '', answeredBefore: 'c' }, 'c'],
  ['through a URL on a new connection, nobody knows', { dialled: '' }, undefined],
  ['nobody knows where nothing was seen', {}, undefined],
];
for (const [what, seen, pod] of table) test(what, () => assert.equal(answeringPod(seen), pod));
