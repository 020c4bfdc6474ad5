/** Which labels a selector matches. Source: the Kubernetes API conventions for label selectors. */
import type { Selector } from './objects.ts';

/**
 * Whether `labels` has every wanted label with the same value. An empty map matches nothing, like a Service's selector.
 */
export function matchesLabels(wanted: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  const entries = Object.entries(wanted ?? {});
  return entries.length > 0 && entries.every(([key, value]) => labelOf(labels, key) === value);
}

/** An empty selector matches everything, as for a PodDisruptionBudget of policy/v1. */
export function matchesSelector(selector: Selector, labels: Record<string, string>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labelOf(labels, key);
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      return false; // refused by the API server
    })
  );
}

/** A label key can have the name of a property that every object inherits, such as `constructor`. */
function labelOf(labels: Record<string, string>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
