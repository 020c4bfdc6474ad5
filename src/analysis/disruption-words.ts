/** What the kinds of disruption are called. */
import type { Disruption } from '../trace/disruption.ts';

const NOUNS: Readonly<Record<Disruption['kind'], string>> = {
  rollout: 'rollout',
  rollback: 'rollback',
  'bad-version': 'bad version',
  'scale-down': 'scale-down',
  drain: 'drain',
  evict: 'eviction',
  'delete-pod': 'deletion',
  restart: 'restart',
  command: 'rollout',
};

/** As in "before the … began". What a command of the user does counts as a rollout. */
export function disruptionNoun(kind: Disruption['kind'] = 'rollout'): string {
  return NOUNS[kind];
}
