import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create } from 'xmlbuilder2';
import type { TrialResult } from '../../src/analysis/result.ts';
import { matrixPicture, timelinePicture } from '../../src/report/picture/standalone.ts';
import { trialResult } from '../results/trial-result.ts';
import { refused, told } from './reported.ts';

const matrixOf = (trials: TrialResult[]) => matrixPicture({ kind: 'comparison', trials });

describe('standalone pictures', () => {
  const pictures: [what: string, svg: string][] = [
    ['a timeline', timelinePicture(told({ variant: 'without-pre-stop' }, { load: { failures: refused(5, 10) } }))],
    [
      'a matrix',
      matrixOf([trialResult(), trialResult({ variant: 'broken', causes: { 'routing-lag': 5 }, valid: false })]),
    ],
    [
      "a user's own server",
      matrixPicture({
        kind: 'own-service',
        trials: [trialResult({ runtime: 'own', variant: 'own', server: 'node a.js' })],
      }),
    ],
    ['hostile names', matrixOf([trialResult({ variant: '</svg><script>', runtime: '"&<' })])],
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
    assert.match(
      pictures[2]?.[1] ?? '',
      /<title>Requests broken by rollouts of node a\.js<\/title>.*>node a\.js<\/text>/s,
    );
    assert.doesNotMatch(pictures[2]?.[1] ?? '', />own\b/);
  });
});
