/** Determines whether a manifest sets a live workload's replicas, or only its autoscaler. Pure. */
import * as z from 'zod';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const Written = z.object({ spec: z.object({ replicas: z.int().optional() }).optional() });

const Live = z.looseObject({
  metadata: z.looseObject({
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields: z
      .array(
        z.looseObject({
          operation: z.string().optional(),
          subresource: z.string().optional(),
          fieldsV1: z.looseObject({ 'f:spec': z.looseObject({}).optional() }).optional(),
        }),
      )
      .optional(),
  }),
  spec: z.looseObject({ replicas: z.int().optional() }),
});

/**
 * The replicas that the workload's manifest sets, and that each apply would set again: those that `kubectl apply`
 * recorded in an annotation, or that a field manager owns through server-side apply. Undefined if there are neither,
 * because spec.replicas of a live object is always set, by the API server's default or by an autoscaler. Helm leaves no
 * such trace.
 */
export function writtenReplicas(workload: unknown): number | undefined {
  const { metadata, spec } = Live.parse(workload);
  const applied = metadata.annotations?.[LAST_APPLIED];
  if (applied !== undefined) return lastApplied(applied);
  const owned = metadata.managedFields?.some(
    ({ operation, subresource, fieldsV1 }) =>
      operation === 'Apply' && subresource === undefined && fieldsV1?.['f:spec']?.['f:replicas'] !== undefined,
  );
  return owned ? spec.replicas : undefined;
}

function lastApplied(text: string): number | undefined {
  try {
    return Written.parse(JSON.parse(text)).spec?.replicas;
  } catch {
    return undefined; // anyone can write an annotation; this one has no valid replicas
  }
}
