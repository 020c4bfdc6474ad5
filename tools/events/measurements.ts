/** What is measured on both clusters besides a rollout of the overlays, and where its results are. */
import { join } from 'node:path';

export const PLACES = ['local', 'kubernetes'] as const;
export type Place = (typeof PLACES)[number];

/** The overlays of each event: one that must break nothing, and one that breaks requests wherever a pod terminates. */
export const VARIANTS = ['valid', 'without-pre-stop'] as const;

export interface Measurement {
  /** The name of its folder in docs/results/events/PLACE. */
  name: string;
  /** As for `--event`. */
  event: string;
  /** A manifest of tools/events; undefined: the overlays. */
  workload?: 'deployment' | 'statefulset' | 'daemonset';
}

const EVENTS = ['rollback', 'bad-version', 'scale-down=1', 'drain=NODE', 'evict', 'delete-pod', 'restart'];

const named = (event: string) => event.replace(/=.*/, '');

export const MEASUREMENTS: readonly Measurement[] = [
  ...EVENTS.map((event) => ({ name: named(event), event })),
  ...EVENTS.map((event) => ({ name: `server-${named(event)}`, event, workload: 'deployment' as const })),
  { name: 'statefulset', event: 'rollout', workload: 'statefulset' },
  { name: 'daemonset', event: 'rollout', workload: 'daemonset' },
];

/** The committed result of a measurement; it may not exist yet. */
export function resultFile({ name }: Pick<Measurement, 'name'>, place: Place): string {
  return join(import.meta.dirname, '../../docs/results/events', place, name, 'result.json');
}
