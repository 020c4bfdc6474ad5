/** The limits on what is read, and the paths in their error messages. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { firstIssue } from '../../src/schema-issue.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../../src/trace/histogram.ts';
import { Count, EncodedHistogram, listOf, Ms, Name, recordOf } from '../../src/trace/units.ts';

const Shape = z.object({
  list: listOf(z.object({ counts: listOf(Count, 3) }), 10),
  record: recordOf(Name, Ms, 2),
});

const histogram = emptyHistogram();
recordMs(histogram, 5);

describe('values within and beyond the limits', () => {
  const good: [what: string, schema: z.ZodType, value: unknown][] = [
    ['a list and a record', Shape, { list: [{ counts: [1, 2, 3] }], record: { 'own+pre-stop': -5, x: 1e13 } }],
    ['an encoded histogram', EncodedHistogram, encodeHistogram(histogram)],
    ['the name of an inherited property', z.object({ record: recordOf(Name, Ms, 2) }), { record: { constructor: 1 } }],
  ];
  for (const [what, schema, value] of good) {
    test(`${what} is accepted unchanged`, () => assert.deepEqual(schema.parse(value), value));
  }

  const record = {};
  const bad: [what: string, value: unknown, issue: RegExp][] = [
    ['a negative count', { list: [{ counts: [] }, { counts: [1, -1] }], record }, /^list\[1\]\.counts\[1\]: /],
    ['too many items', { list: [{ counts: [1, 2, 3, 4] }], record }, /^list\[0\]\.counts: /],
    ['a million invalid items', { list: [{ counts: Array(1e6).fill('x') }], record }, /^list\[0\]\.counts: /],
    ['a name with a path in it', { list: [], record: { '../x': 1 } }, /^record\.\.\.\/x: must consist of /],
    ['a time beyond the limit', { list: [], record: { x: 1e14 } }, /^record\.x: /],
    ['too many entries', { list: [], record: { a: 1, b: 1, c: 1 } }, /^record: has more than 2 entries/],
    ['null instead of a list', { list: null, record }, /^list: /],
  ];
  for (const [what, value, issue] of bad) {
    test(`${what} is rejected with its path`, () => {
      const { error } = Shape.safeParse(value);
      assert.ok(error);
      assert.match(firstIssue(error), issue);
    });
  }
});
