/** The bounds of what is read, and where their complaints point. */
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

describe('what is read', () => {
  const good: [what: string, schema: z.ZodType, value: unknown][] = [
    ['a list and a record', Shape, { list: [{ counts: [1, 2, 3] }], record: { 'own+pre-stop': -5, x: 1e13 } }],
    ['an encoded histogram', EncodedHistogram, encodeHistogram(histogram)],
    [
      'the name of a property of every object',
      z.object({ record: recordOf(Name, Ms, 2) }),
      { record: { constructor: 1 } },
    ],
  ];
  for (const [what, schema, value] of good) {
    test(`${what} is taken as it is`, () => assert.deepEqual(schema.parse(value), value));
  }

  const record = {};
  const bad: [what: string, value: unknown, issue: RegExp][] = [
    ['a count below 0', { list: [{ counts: [] }, { counts: [1, -1] }], record }, /^list\[1\]\.counts\[1\]: /],
    ['too many items', { list: [{ counts: [1, 2, 3, 4] }], record }, /^list\[0\]\.counts: /],
    ['a million faults', { list: [{ counts: Array(1e6).fill('x') }], record }, /^list\[0\]\.counts: /],
    ['a name that leads out', { list: [], record: { '../x': 1 } }, /^record\.\.\.\/x: must consist of /],
    ['a time beyond all clocks', { list: [], record: { x: 1e14 } }, /^record\.x: /],
    ['too many entries', { list: [], record: { a: 1, b: 1, c: 1 } }, /^record: has more than 2 entries/],
    ['no list', { list: null, record }, /^list: /],
  ];
  for (const [what, value, issue] of bad) {
    test(`${what} is refused where it stands`, () => {
      const { error } = Shape.safeParse(value);
      assert.ok(error);
      assert.match(firstIssue(error), issue);
    });
  }
});
