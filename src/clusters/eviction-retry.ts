/** How a client repeats evictions that a PodDisruptionBudget refuses. */

/** `kubectl drain` tries again after this time, in ms. Source: kubectl/pkg/drain/drain.go. */
export const DRAIN_RETRY_MS = 5000;

/** How long an eviction may be refused before the trial is given up, in ms. `kubectl drain` has no limit. */
export const REFUSED_LIMIT_MS = 10 * 60_000;
