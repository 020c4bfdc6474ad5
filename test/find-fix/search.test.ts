/** Which sets of fixes are tried, in which order, and when the search is over. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_INVALID, nextStep, type Step, subsets, type Tried } from '../../src/find-fix/search.ts';
import { FIXES, type Fix } from '../../src/manifests/overlays.ts';

/** 'replicas+pre-stop: 3 0' is a set with the failures of its trials; 'x' is an invalid one, 'refused' a refusal. */
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
  ['begins with the manifest as it is', TWO, [], 'try -×1'],
  ['proves a clean one by repeats', TWO, tried('-: 0'), 'try -×2'],
  ['finds that nothing has to be fixed', TWO, tried('-: 0 0 0'), 'found -'],
  ['goes on to every single fix when a repeat failed', TWO, tried('-: 0 0 1'), 'try replicas×1 pre-stop×1'],
  ['tries each set of a size once before any twice', TWO, tried('-: 9', 'replicas: 0'), 'try pre-stop×1'],
  ['proves those that held', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: 0'), 'try pre-stop×2'],
  ['stops at the first size that has one', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: 0 0 0'), 'found pre-stop'],
  [
    'takes the larger set when all smaller ones failed',
    TWO,
    tried('-: 9', 'replicas: 5', 'pre-stop: 1'),
    'try replicas+pre-stop×1',
  ],
  [
    'knows a set in whatever order',
    TWO,
    tried('-: 9', 'replicas: 5', 'pre-stop: 1', 'pre-stop+replicas: 0 0 0'),
    'found pre-stop+replicas',
  ],
  ['says that none helps', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: 1', 'replicas+pre-stop: 2'), 'none'],
  ['says so where there is nothing to try', [], tried('-: 9'), 'none'],
  ['counts a refused set as failed', TWO, tried('-: 9', 'replicas: 5', 'pre-stop: refused'), 'try replicas+pre-stop×1'],
  ['repeats a trial that was invalid', TWO, tried('-: x'), 'try -×1'],
  ['gives up on one that stays invalid', TWO, tried(`-: ${INVALID} x`), 'invalid -'],
  [
    'does not mind invalid trials of a set that failed anyway',
    ['replicas'],
    tried(`-: ${INVALID} x 4`, 'replicas: 0 0 0'),
    'found replicas',
  ],
];

describe('the search', () => {
  for (const [what, fixes, known, next] of CASES) {
    test(what, () => assert.equal(told(nextStep(fixes, known, 3, 0)), next));
  }

  test('takes a rollout that broke no more than allowed for clean', () => {
    assert.equal(told(nextStep(TWO, tried('-: 2 1 2'), 3, 2)), 'found -');
  });

  test('ends, whatever the outcomes, within the number of sets times the repeats', () => {
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
