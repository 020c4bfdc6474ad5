/** Which pod a request reached. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answeringPod, type SeenOfRequest } from '../../src/load/answering-pod.ts';

const ref = (name: string, uid = `uid-${name}`) => ({ uid, name });
const URL_ONLY = ref('', '');
const table: [what: string, seen: SeenOfRequest, uid: string | undefined][] = [
  ['the pod that its response names', { answered: 'a', dialled: ref('b'), answeredBefore: ref('c') }, 'a'],
  ['with its uid, if it is the pod that was dialled', { answered: 'b', dialled: ref('b') }, 'uid-b'],
  ['without a response, the pod that was dialled', { dialled: ref('b'), answeredBefore: ref('c') }, 'uid-b'],
  [
    'through a URL, the pod that last answered on the connection',
    { dialled: URL_ONLY, answeredBefore: ref('c') },
    'uid-c',
  ],
  ['unknown through a URL on a new connection', { dialled: URL_ONLY }, undefined],
  ['unknown without any observation', {}, undefined],
];
for (const [what, seen, uid] of table) test(what, () => assert.equal(answeringPod(seen)?.uid, uid));
