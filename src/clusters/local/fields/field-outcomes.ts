/** What becomes of each field of an object, by the policies. */
import { fieldPath } from '../../../schema-issue.ts';
import { type FieldTree, type Outcome, Policy } from './policy.ts';

/** Where a value is in an object: keys, and indices of lists. */
export type Path = readonly (string | number)[];

export interface FieldOutcome {
  path: Path;
  outcome: Outcome;
  /** The reason, as part of a sentence; undefined if the field is simply carried out. */
  why?: string | undefined;
  /** For a refused field: the value to assume; undefined: that it is absent. */
  instead?: string;
  /** The Kubernetes API has no such field. */
  unknown?: true;
}

/**
 * One outcome for each value that has a policy of its own; a policy for an object stands for all of its fields. Empty
 * lists and objects have none, because the API server treats most of them as absent.
 */
export function fieldOutcomes(object: unknown, policies: FieldTree): FieldOutcome[] {
  const outcomesIn = (value: unknown, policies: FieldTree | Policy, path: Path): FieldOutcome[] => {
    if (value === undefined || value === null || isEmpty(value)) return [];
    if (policies instanceof Policy) {
      const { outcome, why, instead } = policies.for(value, object);
      return [{ path, outcome, why, ...(instead !== undefined && { instead }) }];
    }
    if (Array.isArray(value)) return value.flatMap((item, index) => outcomesIn(item, policies, [...path, index]));
    // The schema rejects another type where this program reads the field, and nothing depends on it elsewhere.
    if (typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const at = [...path, key];
      const policy = policyOf(policies, key);
      return policy === undefined ? [unknownField(at)] : outcomesIn(item, policy, at);
    });
  };
  return outcomesIn(object, policies, []);
}

/** @returns undefined for a field that the Kubernetes API does not have */
export function policyOf(policies: FieldTree, key: string): FieldTree | Policy | undefined {
  return (Object.hasOwn(policies, key) ? policies[key] : undefined) ?? policies['*'];
}

/** kubectl refuses it too: the API server decodes strictly for it. */
function unknownField(path: Path): FieldOutcome {
  const why = `strict decoding error: unknown field "${fieldPath(path)}"`;
  return { path, outcome: 'refused', why, unknown: true };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
