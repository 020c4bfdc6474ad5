/** The flags that choose a workload and a Service of the input, and what is assumed about them. */
import { type AssumedField, parseAssumedField } from '../clusters/local/fields/assume.ts';
import { InputError } from '../errors.ts';
import type { WorkloadKind } from '../kubernetes-rules/objects.ts';
import type { Choice } from '../manifests/selection.ts';

export interface SelectionFlags {
  deployment?: string | undefined;
  statefulset?: string | undefined;
  daemonset?: string | undefined;
  service?: string | undefined;
  namespace?: string | undefined;
  /** Values of --assume, as the user writes them. */
  assume?: readonly string[] | undefined;
}

const KINDS = [
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
] as const satisfies readonly (readonly [keyof SelectionFlags, WorkloadKind])[];

/** The flags of these that name an object of the input. */
export const SELECTION_FLAGS = ['deployment', 'statefulset', 'daemonset', 'service', 'namespace'] as const;

/** What --assume calls a Service that the input does not have. */
const SERVICE = 'Service';

/** @throws InputError for a flag that cannot be read */
export function choiceOf(flags: SelectionFlags): { choice: Choice; assumed: AssumedField[] } {
  const fields = (flags.assume ?? []).map(parseAssumedField);
  const service = fields.find(({ name }) => name === SERVICE);
  return {
    choice: {
      workload: workloadOf(flags),
      service: flags.service,
      namespace: flags.namespace,
      ...(service && { assumedService: { targetPort: portOf(service) } }),
    },
    assumed: fields.filter(({ name }) => name !== SERVICE),
  };
}

/** @throws InputError for a name with a kind */
export function workloadOf(flags: SelectionFlags): Choice['workload'] {
  for (const [flag, kind] of KINDS) {
    const name = flags[flag];
    if (name?.includes('/')) throw new InputError(`--${flag} ${name}: pass only the name, without the kind`);
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

function portOf({ value }: AssumedField): number | string | undefined {
  if (typeof value !== 'boolean') return value;
  throw new InputError(`--assume Service=${value}: must be the number or the name of a port`);
}
