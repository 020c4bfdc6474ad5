/** Which disruptions are possible for a workload, on any cluster. Pure. */
import { InputError } from '../errors.ts';
import type { Workload } from '../kubernetes-rules/objects.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';

export interface Disruptable {
  kind: Workload['kind'];
  /** For a DaemonSet, the number of nodes. */
  replicas: number;
  /** What messages call it: "Deployment web in shop". */
  name: string;
}

/** @throws InputError for a disruption that has no effect on such a workload */
export function assertPossible(planned: PlannedDisruption, workload: Disruptable): void {
  const why = impossible(planned, workload);
  if (why !== undefined) throw new InputError(`--event ${flagOf(planned)}: ${workload.name} ${why}`);
}

/** Why the disruption has no effect on such a workload, to follow its name; undefined if it has. */
export function impossible(planned: PlannedDisruption, { kind, replicas }: Omit<Disruptable, 'name'>) {
  if (planned.kind === 'drain' && kind === 'DaemonSet') return 'has one pod per node, which a drain leaves where it is';
  if (planned.kind !== 'scale-down') return undefined;
  if (kind === 'DaemonSet') return 'has no replicas; it runs one pod per node';
  if (planned.replicas < replicas) return undefined;
  return `has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}; name a lower number`;
}

/** As it was written after --event. */
export function flagOf(planned: PlannedDisruption): string {
  if (planned.kind === 'scale-down') return `scale-down=${planned.replicas}`;
  return planned.kind === 'drain' ? `drain=${planned.node}` : planned.kind;
}
