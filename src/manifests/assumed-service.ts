/** The Service of a workload that has none in the input, if the user says so. */
import { InputError } from '../errors.ts';
import { serviceWithDefaults } from '../kubernetes-rules/defaults.ts';
import type { Service, Workload } from '../kubernetes-rules/objects.ts';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';
import { nameOf } from './placed-objects.ts';

export interface AssumedService {
  written: KubernetesObject;
  read: Service;
}

/**
 * A Service with the workload's name that selects its pods.
 * @param assumed undefined: the user did not ask for it
 * @throws InputError if the user did not ask for it, or if it is not clear which port it sends to
 */
export function assumedService(
  workload: Workload,
  assumed: { targetPort: number | string | undefined } | undefined,
  source: string,
): { service: AssumedService; assumption: { field: string; value: string; why: string } } {
  const { name, namespace } = workload.metadata;
  const ports = workload.spec.template.spec.containers.flatMap((container) => container.ports ?? []);
  const declared = ports.filter(({ protocol }) => protocol === 'TCP').map((port) => port.name ?? port.containerPort);
  if (assumed === undefined) {
    const value = declared.length === 1 ? '' : `=${declared[0] ?? 'PORT'}`;
    throw new InputError(
      `${source}: no Service selects the pods of ${nameOf(workload)}, so no requests reach them: add its Service with -f, or measure as if there were one with --assume Service${value}`,
    );
  }
  const targetPort = assumed.targetPort ?? (declared.length === 1 ? declared[0] : undefined);
  if (targetPort === undefined) {
    const which = declared.length === 0 ? 'no port' : `the ports ${declared.join(', ')}`;
    throw new InputError(
      `${source}: ${nameOf(workload)} declares ${which}: name the one that gets the requests with --assume Service=PORT`,
    );
  }
  const written = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    spec: { selector: workload.spec.template.metadata?.labels ?? {}, ports: [{ port: 80, targetPort }] },
  } as const;
  return {
    service: {
      written,
      read: serviceWithDefaults({ ...written, spec: { ...written.spec, ports: [...written.spec.ports] } }),
    },
    assumption: {
      field: `${nameOf(written)}: spec.ports[0].targetPort`,
      value: String(targetPort),
      why: `the input has no Service for ${nameOf(workload)}; its own settings, such as a headless one or session affinity, may change the result`,
    },
  };
}
