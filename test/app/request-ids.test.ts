import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestIds } from '../../app/request-ids.ts';

describe('request ids', () => {
  it('are counted one by one', () => {
    const ids = new RequestIds();
    assert.deepEqual([ids.see('a'), ids.see('b'), ids.see('a'), ids.see('a')], [1, 1, 2, 3]);
    assert.equal(ids.repeated, 2);
  });

  it('are dropped beyond the capacity, the least recent first', () => {
    const ids = new RequestIds(2);
    ids.see('a');
    ids.see('b');
    ids.see('a');
    ids.see('c'); // replaces b
    assert.deepEqual([ids.see('a'), ids.see('b')], [3, 1]);
  });

  it('are not kept if they are too long or not printable', () => {
    const ids = new RequestIds();
    assert.deepEqual([ids.see('x'.repeat(129)), ids.see(''), ids.see('a b'), ids.see('é')], Array(4).fill(undefined));
    assert.equal(ids.see('x'.repeat(128)), 1);
  });
});
