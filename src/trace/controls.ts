/** The variants without a disruption. */

/** The same load for a while, without a disruption. */
export const CONTROL = 'control';
/** A control whose requests come in bursts, just when the pods close idle connections. */
export const PAUSES = 'pauses';

export function isControl(variant: string): variant is typeof CONTROL | typeof PAUSES {
  return variant === CONTROL || variant === PAUSES;
}
