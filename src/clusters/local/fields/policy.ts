/**
 * What the local cluster makes of a field of a manifest. Each field of the Kubernetes API has one policy, because a
 * simulation that ignores part of its input answers a different question.
 */

export type Outcome = 'carried out' | 'no effect' | 'refused';

/** A policy for some values of a field, which differs from that for the others. */
export interface Exception {
  /** The values in words, for the documentation: `true`, `another than Linux`. */
  values: string;
  /** @param object the whole object that has the field, as written */
  holds(value: unknown, object: unknown): boolean;
  outcome: Outcome;
  why?: string | undefined;
  /** The value to assume instead, if the default of the API server is of no use. */
  instead?: string | undefined;
}

const DEFAULT = 'the same as without it';

/**
 * The policy of a field and of all fields below it.
 *
 * `carried out`: as on a real cluster. `no effect`: cannot change how many requests a rollout breaks here. `refused`: could
 * change it and is not carried out, so that the user removes it, assumes a value for it, or measures on a real cluster.
 */
export class Policy {
  readonly outcome: Outcome;
  /** For `no effect` and `refused`: the reason, as part of a sentence. For `carried out`: how, if that is not clear. */
  readonly why: string | undefined;
  readonly exceptions: readonly Exception[];
  readonly instead = undefined;

  constructor(outcome: Outcome, why?: string, exceptions: readonly Exception[] = []) {
    this.outcome = outcome;
    this.why = why;
    this.exceptions = exceptions;
  }

  /** The outcome for this value in this object. */
  for(value: unknown, object: unknown): Pick<Exception, 'outcome' | 'why' | 'instead'> {
    return this.exceptions.find(({ holds }) => holds(value, object)) ?? this;
  }

  /** The same policy, but these values are refused. */
  except(values: string, holds: Exception['holds'], why: string, instead?: string): Policy {
    return new Policy(this.outcome, this.why, [
      ...this.exceptions,
      { values, holds, outcome: 'refused', why, instead },
    ]);
  }

  /** The same policy, but these values have no effect: the default of the API server, or what means the same. */
  unless(...harmless: readonly unknown[]): Policy {
    return this.unlessThat(harmless.map(String).join(', '), (value) => harmless.includes(value), DEFAULT);
  }

  /** The same policy, but these values have no effect. */
  unlessThat(values: string, holds: Exception['holds'], why: string): Policy {
    return new Policy(this.outcome, this.why, [...this.exceptions, { values, holds, outcome: 'no effect', why }]);
  }
}

export const carriedOut = (how?: string) => new Policy('carried out', how);
export const noEffect = (why: string) => new Policy('no effect', why);
export const refused = (why: string) => new Policy('refused', why);

/**
 * Policies by field, in the shape of the object. A list has the fields of its items. `*` stands for any key of a map.
 */
export type FieldTree = { readonly [field: string]: Policy | FieldTree };

/** Many fields with the same policy. */
export function all<P extends Policy | FieldTree>(policy: P, ...fields: readonly string[]): Record<string, P> {
  return Object.fromEntries(fields.map((field) => [field, policy]));
}
