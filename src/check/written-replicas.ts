/** Whether somebody writes a live workload's replicas, or only its autoscaler sets them. Pure. */
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
 * The replicas that the workload's manifest names, which each apply of it sets again: those that `kubectl apply` notes in
 * an annotation, or those that somebody owns by server-side apply. Undefined where neither is there: on a live object
 * spec.replicas is always set, by the API server's default or an autoscaler. Helm leaves no such trace.
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
    return undefined; // anybody may write an annotation; this one says nothing of replicas
  }
}
