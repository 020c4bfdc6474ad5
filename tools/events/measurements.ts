/** What is measured on both clusters besides a rollout of the overlays, and where its results are. */
import { join } from 'node:path';

export const PLACES = ['local', 'kubernetes'] as const;
export type Place = (typeof PLACES)[number];

/** The overlays of each event: one that must break nothing, and one that breaks requests wherever a pod terminates. */
export const VARIANTS = ['valid', 'without-pre-stop'] as const;

/** The manifests, and what the table calls them. */
export const WORKLOADS = {
  deployment: { kind: 'deployment', what: 'server' },
  statefulset: { kind: 'statefulset', what: 'server, a StatefulSet' },
  daemonset: { kind: 'daemonset', what: 'server, a DaemonSet' },
  proxied: { kind: 'deployment', what: 'server behind a proxy in its pod' },
  'native-sidecar': { kind: 'deployment', what: 'server with preStop behind a native sidecar' },
} as const;
export type Workload = keyof typeof WORKLOADS;

export interface Measurement {
  /** The name of its folder in docs/results/events/PLACE. */
  name: string;
  /** As for `--event`. */
  event: string;
  /** A manifest of tools/events; undefined: the overlays. */
  workload?: Workload;
  /** How often it is done. A single pod may miss a sync of the routers by any part of a second. */
  repeats: number;
}

const DRAIN = 'drain=NODE';
const EVENTS: readonly [event: string, repeats: number][] = [
  ['rollback', 1],
  ['bad-version', 1],
  ['scale-down=1', 8],
  [DRAIN, 8],
  ['evict', 8],
  ['delete-pod', 4],
  ['restart', 2],
];

const named = (event: string) => event.replace(/=.*/, '');

export const MEASUREMENTS: readonly Measurement[] = [
  ...EVENTS.map(([event, repeats]) => ({ name: named(event), event, repeats })),
  // The pods of the overlays are new in each trial. The server's stay, and after a drain none of them is on that node.
  ...EVENTS.filter(([event]) => event !== DRAIN).map(([event, repeats]) => ({
    name: `server-${named(event)}`,
    event,
    workload: 'deployment' as const,
    repeats,
  })),
  { name: 'statefulset', event: 'rollout', workload: 'statefulset', repeats: 2 },
  { name: 'daemonset', event: 'rollout', workload: 'daemonset', repeats: 2 },
  { name: 'proxied', event: 'rollout', workload: 'proxied', repeats: 2 },
  { name: 'native-sidecar', event: 'rollout', workload: 'native-sidecar', repeats: 2 },
];

/** The committed result of a measurement; it may not exist yet. */
export function resultFile({ name }: Pick<Measurement, 'name'>, place: Place): string {
  return join(import.meta.dirname, '../../docs/results/events', place, name, 'result.json');
}
