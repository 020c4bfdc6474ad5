/** Reports what the API server would reject, in its own words. */
import { refusalsOf } from '../../kubernetes-rules/admission.ts';
import { parseFieldPath } from '../../schema-issue.ts';
import type { Rule } from '../rule.ts';
import { isOfApps } from '../workload.ts';

export const ADMISSION_RULES: readonly Rule[] = [
  {
    id: 'refused-by-api-server',
    title: 'a manifest that the API server refuses',
    severity: 'error',
    judges: 'manifest',
    explanation:
      'kubectl apply fails because the values of these fields contradict each other: a preStop sleep above the grace period, rolling update limits of 0 and 0, a selector that does not match the template. The message is the one that the API server of Kubernetes 1.34 prints. This rule does not validate the manifest against the schema; kubeconform does that.',
    documented: 'the validation of Kubernetes 1.34 (pkg/apis/apps/validation, pkg/apis/core/validation).',
    fix: `kind: Deployment
spec:
  template:
    spec:
      # Longer than the preStop sleep of 40 s.
      terminationGracePeriodSeconds: 50
      containers:
        - name: app
          lifecycle:
            preStop:
              sleep:
                seconds: 40`,
    evaluate({ object, name, defaulted }) {
      // Kinds of other projects have schemas of their own.
      if (!isOfApps(object.value)) return [];
      return refusalsOf(defaulted).map(({ field, reason }) => ({
        place: { object, path: parseFieldPath(field) },
        message: `${name}: the API server refuses ${field}: ${reason}`,
      }));
    },
  },
];
