/**
 * Annotations of an object that silence rules: this program's own, and those of kube-linter and kube-score for the rules
 * that they have too. Sources: docs/configuring-kubelinter.md of kube-linter; scorecard/enabled.go of kube-score.
 */
import { RULES } from '../registry.ts';

export const OWN_ANNOTATION = 'rollout-test/ignore';

const KUBE_SCORE_ANNOTATION = 'kube-score/ignore';
const KUBE_SCORE_SKIP = 'kube-score/skip';
const KUBE_LINTER_ALL = 'kube-linter.io/ignore-all';
const KUBE_LINTER_CHECK = 'ignore-check.kube-linter.io/';

export interface Ignore {
  /** The ids of the silenced rules. */
  rules: readonly string[];
  /** The annotation's key. */
  annotation: string;
  /** In the user's words. */
  reason?: string;
  /** Names in the program's own annotation that are no rules. */
  unknown: readonly string[];
}

type Linter = 'kube-linter' | 'kube-score';

/** The rules that another linter has too, by its name for them. The rules themselves name it (`alsoKnownAs`). */
const SAME_RULES: Record<Linter, ReadonlyMap<string, string[]>> = {
  'kube-linter': sameRules('kube-linter'),
  'kube-score': sameRules('kube-score'),
};

export function ignoresIn(annotations: Readonly<Record<string, string>> = {}): Ignore[] {
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (key === OWN_ANNOTATION) return value.split('\n').flatMap(ownIgnore);
    if (key === KUBE_SCORE_ANNOTATION) return others('kube-score', key, value.split(','));
    if (key === KUBE_SCORE_SKIP) return value === 'true' ? others('kube-score', key, ['*']) : [];
    if (key === KUBE_LINTER_ALL) return others('kube-linter', key, ['*'], value);
    if (key.startsWith(KUBE_LINTER_CHECK)) {
      return others('kube-linter', key, [key.slice(KUBE_LINTER_CHECK.length)], value);
    }
    return [];
  });
}

/** One line: `no-prestop, prestop-too-short; drains by itself`. */
function ownIgnore(line: string): Ignore[] {
  const [names = '', ...reasons] = line.split(';');
  const given = names.split(/[\s,]+/).filter(Boolean);
  if (given.length === 0) return [];
  const rules = given.filter((name) => RULES.some(({ id }) => id === name));
  const unknown = given.filter((name) => !rules.includes(name));
  return [{ rules, unknown, annotation: OWN_ANNOTATION, ...withReason(reasons.join(';')) }];
}

/** @param names of the other linter's checks; `*` for all of them */
function others(linter: Linter, annotation: string, names: readonly string[], reason = ''): Ignore[] {
  const same = SAME_RULES[linter];
  const rules = names
    .map((name) => name.trim())
    .flatMap((name) => (name === '*' ? [...same.values()].flat() : (same.get(name) ?? [])));
  return rules.length === 0 ? [] : [{ rules, unknown: [], annotation, ...withReason(reason) }];
}

function withReason(text: string): { reason?: string } {
  const reason = text.trim();
  return reason === '' ? {} : { reason };
}

function sameRules(linter: Linter): ReadonlyMap<string, string[]> {
  const rules = new Map<string, string[]>();
  for (const { id, alsoKnownAs = [] } of RULES) {
    for (const name of alsoKnownAs) {
      const check = name.startsWith(`${linter} `) ? name.slice(linter.length + 1) : undefined;
      if (check !== undefined) rules.set(check, [...(rules.get(check) ?? []), id]);
    }
  }
  return rules;
}
