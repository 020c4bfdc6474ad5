/** What a disruption changed is undone at the end of a trial. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CleanUp, cleanUp } from '../../src/clusters/kubernetes/clean-up.ts';

test('all are undone, the last one first, even if one fails', async () => {
  const done: string[] = [];
  const undo = (name: string, error?: Error) => () => {
    done.push(name);
    return error ? Promise.reject(error) : Promise.resolve();
  };
  const actions: CleanUp[] = [undo('first'), undo('second', new Error('refused')), undo('third')];
  await assert.rejects(cleanUp(actions), /^Error: refused$/);
  assert.deepEqual(done, ['third', 'second', 'first']);
  await cleanUp(actions);
  assert.equal(done.length, 3, 'nothing is undone twice');
});
