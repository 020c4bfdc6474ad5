/** What the local cluster refuses before it starts anything. Pure. */
import { InputError } from '../../errors.ts';
import { admit } from '../../kubernetes-rules/admission.ts';
import { podPorts } from '../../kubernetes-rules/ports.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { nameOf } from '../../manifests/placed-objects.ts';
import { printable } from '../../printable.ts';
import { assertSupported } from './fields/supported.ts';
import { assertEndsInTime } from './long-waits.ts';

/** @throws InputError for a manifest that the API server would reject or that this cluster does not support */
export function assertDeployable(manifests: Manifests): void {
  admit(manifests);
  assertSupported(manifests);
  assertEndsInTime(manifests);
  assertServed(manifests);
  assertReplacesPods(manifests);
}

/** A StatefulSet's partition keeps the pods below it. */
function assertReplacesPods({ workload, source }: Manifests): void {
  if (workload.kind !== 'StatefulSet') return;
  const { replicas, updateStrategy } = workload.spec;
  const partition = updateStrategy.rollingUpdate?.partition ?? 0;
  if (partition === 0 || partition < replicas) return;
  throw new InputError(
    `${source}: ${nameOf(workload)}: spec.updateStrategy.rollingUpdate.partition: ${partition} replaces none of ${replicas} pods; lower it`,
  );
}

/** The Service has no endpoints for a port that the pods do not have by that name. */
function assertServed({ workload, service, source }: Manifests): void {
  const { targetPort } = service.spec.ports[0];
  if (podPorts(workload.spec.template.spec, service).served !== 0) return;
  throw new InputError(
    printable(
      `${source}: ${nameOf(service)}: no container of ${nameOf(workload)} declares the port "${targetPort}" that it sends to`,
    ),
  );
}
