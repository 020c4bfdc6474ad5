/** Rules about the number of pods: enough must remain when one terminates. */
import type { Rule } from '../rule.ts';

export const REPLICA_RULES: readonly Rule[] = [
  {
    id: 'deployment-replicas',
    title: 'a Deployment with one replica',
    severity: 'info',
    cause: 'capacity',
    explanation:
      'With the default strategy, a rolling update of one replica starts the new pod before it deletes the old one, so the update itself breaks nothing. But there is no spare pod: if the pod crashes, or its node is drained, nothing serves until the next pod is ready.',
    measured:
      'On Kubernetes 1.34, one replica with a preStop sleep of 5 s and a draining app broke 0 of 16,782 requests, even when it was replaced in place (maxSurge 0). Without the preStop hook it broke 465.',
    fix: `kind: Deployment
spec:
  replicas: 3`,
    alsoKnownAs: [
      'kube-score deployment-replicas',
      'kube-linter minimum-three-replicas',
      'Polaris deploymentMissingReplicas',
      'Kyverno deployment-has-multiple-replicas',
    ],
    evaluate({ object, name, replicas, rollout, containers }, { autoscaler }) {
      if (object.value.kind !== 'Deployment' || rollout.type === 'Recreate' || autoscaler) return [];
      if (replicas !== 1 || rollout.maxUnavailable !== 0 || !containers.some(({ serves }) => serves)) return [];
      const message = `${name}: 1 replica: this strategy starts the new pod first, but no pod serves while a crashed or evicted pod is replaced; write replicas: 3`;
      return [{ place: { object, path: ['spec', 'replicas'] }, message, patch: { spec: { replicas: 3 } } }];
    },
  },
  {
    id: 'horizontalpodautoscaler-replicas',
    title: 'an autoscaler that scales down to one replica',
    severity: 'info',
    cause: 'capacity',
    explanation:
      'At low load the workload runs with minReplicas (1 if absent), and a rollout at that time has no more pods than that.',
    fix: `kind: HorizontalPodAutoscaler
spec:
  minReplicas: 3`,
    alsoKnownAs: [
      'kube-score horizontalpodautoscaler-replicas',
      'kube-linter hpa-minimum-three-replicas',
      'Polaris hpaMinAvailability',
    ],
    evaluate({ name, replicas }, { autoscaler }) {
      if (!autoscaler || replicas === undefined || replicas > 1) return [];
      const message = `HorizontalPodAutoscaler "${autoscaler.value.metadata.name}": minReplicas ${replicas}: ${name} may run with a single pod and no spare; write minReplicas: 3`;
      const place = { object: autoscaler, path: ['spec', 'minReplicas'] };
      return [{ place, message, patch: { spec: { minReplicas: 3 } } }];
    },
  },
  {
    id: 'hpa-overrides-replicas',
    title: 'replicas set on an autoscaled workload',
    severity: 'warning',
    cause: 'capacity',
    explanation:
      'Each apply of the manifest resets the workload to these replicas and overrides the autoscaler. Under load, this deletes pods that are needed in the middle of a rollout, and the autoscaler brings them back later.',
    fix: `kind: Deployment
spec:
  # No replicas: the autoscaler sets them.
  replicas: null`,
    alsoKnownAs: ['kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured'],
    evaluate({ object, name }, { autoscaler }) {
      const { replicas } = object.value.spec;
      if (!autoscaler || replicas === undefined) return [];
      const message = `${name}: replicas ${replicas} together with HorizontalPodAutoscaler "${autoscaler.value.metadata.name}": each apply scales back to ${replicas}; remove spec.replicas`;
      return [{ place: { object, path: ['spec', 'replicas'] }, message, patch: { spec: { replicas: null } } }];
    },
  },
  {
    id: 'statefulset-one-replica',
    title: 'a StatefulSet with one replica',
    severity: 'error',
    cause: 'capacity',
    explanation:
      'A StatefulSet deletes a pod and waits until it is gone before it starts the next pod of that name. With one replica, every update is an outage from the end of the old pod until the new pod is ready. A preStop hook does not change that.',
    documented:
      "On Kubernetes 1.34, one pod was missing at each step of a StatefulSet's rollout, and its name did not resolve for 5.1 s (docs/decisions/0015-stateful-sets-and-headless-services.md).",
    fix: `kind: StatefulSet
spec:
  replicas: 3`,
    evaluate({ object, name, replicas, rollout, containers }, { autoscaler }) {
      if (object.value.kind !== 'StatefulSet' || rollout.type === 'OnDelete' || autoscaler || replicas !== 1) return [];
      if (!containers.some(({ serves }) => serves)) return [];
      const message = `${name}: 1 replica: an update deletes the only pod before it starts the next one; write replicas: 2 or more, or make it a Deployment`;
      return [{ place: { object, path: ['spec', 'replicas'] }, message, patch: { spec: { replicas: 3 } } }];
    },
  },
];
