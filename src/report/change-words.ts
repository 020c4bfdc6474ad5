/** What was done to the pods, in words. */
import type { TrialResult } from '../analysis/result.ts';
import { printableName } from '../printable.ts';
import { count, counted } from './format.ts';

interface Words {
  one: string;
  many: string;
  /** Whether the number of pods adds something. */
  ofPods: boolean;
}

/** "a rolling update of 3 pods", "5 rolling updates of 3 pods each", "a scale-down to 1 replica" */
export function changeInWords(first: TrialResult, rollouts: readonly TrialResult[]): string {
  const times = rollouts.length;
  const { one, many, ofPods } = wordsFor(first);
  const replaced = new Set(rollouts.map(({ podsReplaced }) => podsReplaced));
  const [each = 0] = replaced;
  const pods = !ofPods || replaced.size > 1 || each === 0 ? '' : ` of ${counted(each, 'pod')}`;
  if (times === 1) return `${one}${pods}`;
  return `${count(times)} ${many}${pods === '' ? '' : `${pods} each`}`;
}

/** What was done instead of a rolling update, to follow a name: "scale-down to 1 replica"; undefined for a rollout. */
export function otherThanRollout(trials: readonly TrialResult[]): string | undefined {
  const first = trials.find(({ disruption }) => disruption !== undefined);
  if (!first || first.disruption === 'rollout' || first.disruption === 'command') return undefined;
  return wordsFor(first).one.replace(/^(an?|the) /, '');
}

function wordsFor({ disruption, strategy, scaledTo = 0, node = '' }: TrialResult): Words {
  switch (disruption) {
    case 'command':
      return { one: 'the --trigger command', many: 'runs of the --trigger command', ofPods: false };
    case 'scale-down': {
      const to = `to ${counted(scaledTo, 'replica')}`;
      return { one: `a scale-down ${to}`, many: `scale-downs ${to}`, ofPods: false };
    }
    case 'drain': {
      const of = `of ${printableName(node)}`;
      return { one: `a drain ${of}`, many: `drains ${of}`, ofPods: false };
    }
    case 'evict':
      return { one: 'an eviction', many: 'evictions', ofPods: true };
    case 'delete-pod':
      return { one: 'a deletion', many: 'deletions', ofPods: true };
    case 'restart':
      return { one: 'a container killed by SIGKILL', many: 'containers killed by SIGKILL', ofPods: false };
    case 'bad-version':
      return { one: 'a version that never became ready', many: 'versions that never became ready', ofPods: false };
    case 'rollback':
      return { one: 'a rollback', many: 'rollbacks', ofPods: true };
    default: {
      const kind = strategy === undefined ? 'rollout' : strategy === 'Recreate' ? 'Recreate rollout' : 'rolling update';
      return { one: `a ${kind}`, many: `${kind}s`, ofPods: true };
    }
  }
}
