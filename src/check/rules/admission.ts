/** What the API server refuses, in its own words. */
import { refusalsOf } from '../../kubernetes-rules/admission.ts';
import type { FieldPath } from '../located-object.ts';
import type { Rule } from '../rule.ts';
import type { Workload } from '../workload.ts';

export const ADMISSION_RULES: readonly Rule[] = [
  {
    id: 'refused-by-api-server',
    title: 'the API server refuses the manifest',
    severity: 'error',
    explanation:
      'The values of these fields do not go together, and kubectl apply fails: a preStop sleep above the grace period, rolling update limits of 0 and 0, a selector that does not match the template. The words are those of the API server of Kubernetes 1.34. This is no validation against the schema: kubeconform does that.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      # Above the preStop sleep of 40 s.
      terminationGracePeriodSeconds: 50
      containers:
        - name: app
          lifecycle:
            preStop:
              sleep:
                seconds: 40`,
    evaluate(workload) {
      const { object, name } = workload;
      return refusals(workload).map(({ field, reason }) => ({
        place: { object, path: pathOf(field) },
        message: `${name}: the API server refuses ${field}: ${reason}`,
      }));
    },
  },
];

function refusals({ object }: Workload) {
  const { kind, metadata, spec } = object.value;
  const { updateStrategy: _, strategy, ...common } = spec;
  // What it says of pods holds for every kind, of replicas and strategies for Deployments.
  const all = refusalsOf({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: kind === 'Deployment' ? { ...common, strategy } : common,
  });
  return kind === 'Deployment' ? all : all.filter(({ field }) => field.startsWith('spec.template.'));
}

/** `spec.containers[0].name` as a path. */
function pathOf(field: string): FieldPath {
  return field
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}
