/** Which sets of fixes are tried, in which order, and when the search is over. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_INVALID, nextStep, type Step, subsets, type Tried } from '../../src/find-fix/search.ts';
import { FIXES, type Fix } from '../../src/manifests/overlays.ts';

/** 'replicas+pre-stop: 3 0': a set and the failures of its trials; 'x' is an invalid trial, 'refused' a refused set. */
function tried(...texts: string[]): Tried[] {
  return texts.map((text) => {
    const [names = '', outcomes = ''] = text.split(': ');
    const words = outcomes.split(' ').filter(Boolean);
    return {
      set: names === '-' ? [] : (names.split('+') as Fix[]),
      failed: words.filter((word) => /^\d+$/.test(word)).map(Number),
      invalid: words.filter((word) => word === 'x').length,
      ...(words.includes('refused') && { refused: 'no' }),
    };
  });
}

/** 'try a×1 b×1', 'found a+b', … */
function told(step: Step): string {
  const name = (set: readonly Fix[]) => set.join('+') || '-';
  if (step.kind === 'try') return `try ${step.trials.map(({ set, times }) => `${name(set)}×${times}`).join(' ')}`;
  return step.kind === 'none' ? 'none' : `${step.kind} ${name(step.set)}`;
}

const TWO: Fix[] = ['replicas', 'pre-stop'];
const INVALID = 'x '.repeat(MAX_INVALID);

const CASES: [what: string, fixes: Fix[], tried: Tried[], next: string][] = [
  ['begins with the unchanged manifest', TWO, [], 'try -×1'],
  ['repeats a clean set to prove it', TWO, tried('-: 0'), 'try -×2'],
  ['finds that nothing needs fixing', TWO, tried('-: 0 0 0'), 'found -'],
  ['moves on to single fixes when a repeat failed', TWO, tried('-: 0 0 1'), 'try replicas×1 pre-stop×1'],
  ['tries each set of a size once before it repeats any', TWO, tried('-: 9', 'replicas: 0'), 'try pre-stop×1'],
  ['repeats those that were clean', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: 0'), 'try pre-stop×2'],
  [
    'stops at the smallest size that has a proved set',
    TWO,
    tried('-: 9', 'replicas: 5', 'pre-stop: 0 0 0'),
    'found pre-stop',
  ],
  [
    'tries a larger set when all smaller ones failed',
    TWO,
    tried('-: 9', 'replicas: 5', 'pre-stop: 1'),
    'try replicas+pre-stop×1',
  ],
  [
    'recognises a set in any order',
    TWO,
    tried('-: 9', 'replicas: 5', 'pre-stop: 1', 'pre-stop+replicas: 0 0 0'),
    'found pre-stop+replicas',
  ],
  ['reports that none helps', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: 1', 'replicas+pre-stop: 2'), 'none'],
  ['reports that none helps if there is nothing to try', [], tried('-: 9'), 'none'],
  ['counts a refused set as failed', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: refused'), 'try replicas+pre-stop×1'],
  ['repeats a trial that was invalid', TWO, tried('-: x'), 'try -×1'],
  ['gives up on one that stays invalid', TWO, tried(`-: ${INVALID} x`), 'invalid -'],
  [
    'ignores invalid trials of a set that failed anyway',
    ['replicas'],
    tried(`-: ${INVALID} x 4`, 'replicas: 0 0 0'),
    'found replicas',
  ],
];

describe('the search', () => {
  for (const [what, fixes, known, next] of CASES) {
    test(what, () => assert.equal(told(nextStep(fixes, known, 3, 0)), next));
  }

  test('counts a rollout that broke no more than allowed as clean', () => {
    assert.equal(told(nextStep(TWO, tried('-: 2 1 2'), 3, 2)), 'found -');
  });

  test('ends within the number of sets times the repeats, for any outcomes', () => {
    for (let seed = 0; seed < 50; seed++) {
      const known: Tried[] = [];
      let trials = 0;
      for (let step = nextStep(FIXES, known, 3, 0); step.kind === 'try'; step = nextStep(FIXES, known, 3, 0)) {
        for (const { set, times } of step.trials) {
          trials += times;
          const before = known.findIndex((outcome) => outcome.set.join() === set.join());
          const failed = Array.from({ length: times }, (_, index) => (seed * 7 + trials * 3 + index) % 4);
          if (before < 0) known.push({ set, failed, invalid: 0 });
          else known[before] = { set, failed: [...(known[before] as Tried).failed, ...failed], invalid: 0 };
        }
      }
      assert.ok(trials > 0 && trials <= 16 * 3);
    }
  });
});

test('subsets of each size, each once', () => {
  assert.deepEqual(subsets(['a', 'b', 'c'], 2), [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'c'],
  ]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((size) => subsets(FIXES, size).length),
    [1, 4, 6, 4, 1],
  );
  assert.deepEqual(subsets(['a'], 2), []);
});
