import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create } from 'xmlbuilder2';
import { matrixPicture, timelinePicture } from '../../src/report/picture/standalone.ts';
import { trialResult } from '../results/trial-result.ts';
import { refused, told } from './reported.ts';

describe('standalone pictures', () => {
  const pictures: [what: string, svg: string][] = [
    ['a timeline', timelinePicture(told({ variant: 'without-pre-stop' }, { load: { failures: refused(5, 10) } }))],
    [
      'a matrix',
      matrixPicture([trialResult(), trialResult({ variant: 'broken', causes: { 'routing-lag': 5 }, valid: false })]),
    ],
    ['hostile names', matrixPicture([trialResult({ variant: '</svg><script>', runtime: '"&<' })])],
  ];
  for (const [what, svg] of pictures) {
    test(`${what} is well-formed, with its own style, and loads nothing`, () => {
      create(svg); // throws if it is not well-formed
      assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 960 \d+" width="960"/);
      assert.match(svg, /prefers-color-scheme:dark/);
      assert.doesNotMatch(svg, /<script|href|url\(|@import/);
    });
  }

  test('name their contents', () => {
    assert.match(pictures[0]?.[1] ?? '', /<title>without pre stop on Node [\d.]+: 5 broken requests<\/title>/);
    assert.match(pictures[1]?.[1] ?? '', /<text[^>]*>routing lag<\/text>/);
    assert.match(pictures[1]?.[1] ?? '', />invalid</);
  });
});
