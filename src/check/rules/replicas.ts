/** Rules about the number of pods: enough must remain when one terminates. */
import type { Rule } from '../rule.ts';
import { oneNodeOf, startsNewPodsFirst, surgeObstacle } from '../surge.ts';

export const REPLICA_RULES: readonly Rule[] = [
  {
    id: 'deployment-replicas',
    title: 'a Deployment with one replica',
    severity: 'info',
    judges: 'gaps',
    cause: 'capacity',
    explanation:
      'With the default strategy, a rolling update of one replica starts the new pod before it deletes the old one, so with a readiness probe the update itself breaks nothing. But there is no spare pod: if the pod crashes, or its node is drained, nothing serves until the next pod is ready. This rule says nothing about pods that hold state (a volume, or the image of a database, a broker or a cache), because a second pod would not share it.',
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
    evaluate(workload, { autoscaler }) {
      const { object, name, replicas, rollout, containers, state } = workload;
      // More pods of these need more nodes.
      if (surgeObstacle(workload) || oneNodeOf(workload)) return [];
      if (object.value.kind !== 'Deployment' || rollout.type === 'Recreate' || autoscaler || state.reason) return [];
      if (replicas !== 1 || rollout.maxUnavailable !== 0 || !containers.some(({ serves }) => serves)) return [];
      const message = `${name}: 1 replica: while a crashed or evicted pod is replaced, no pod serves; write replicas: 3, if several copies of the app can run side by side`;
      // No patch: only the app's author knows whether several copies can run.
      return [{ place: { object, path: ['spec', 'replicas'] }, message }];
    },
  },
  {
    id: 'statefulset-one-replica',
    title: 'a StatefulSet with one replica',
    severity: 'error',
    judges: 'gaps',
    cause: 'capacity',
    explanation:
      'A StatefulSet deletes a pod and waits until it is gone before it starts the next pod of that name. With one replica, every update is an outage from the end of the old pod until the new pod is ready. A preStop hook does not change that. If the pod holds state (a claim, a claim template, the image of a database), more replicas would be several unconnected copies; see state-in-one-pod.',
    documented:
      "On Kubernetes 1.34, one pod was missing at each step of a StatefulSet's rollout, and its name did not resolve for 5.1 s (docs/decisions/0015-stateful-sets-and-headless-services.md).",
    fix: `kind: Deployment
spec:
  replicas: 2`,
    evaluate({ object, name, replicas, rollout, containers }, { autoscaler }) {
      if (object.value.kind !== 'StatefulSet' || rollout.type === 'OnDelete' || autoscaler || replicas !== 1) return [];
      if (!containers.some(({ serves }) => serves)) return [];
      const message = `${name}: 1 replica: an update deletes the only pod before it starts the next one; make it a Deployment, or write replicas: 2 or more if the app can run several`;
      return [{ place: { object, path: ['spec', 'replicas'] }, message }];
    },
  },
  {
    id: 'state-in-one-pod',
    title: 'an update of the only pod that holds the state',
    severity: 'info',
    judges: 'pods',
    cause: 'capacity',
    explanation:
      'The pod holds state: it writes to a volume, has a claim template, or runs the image of a database, a broker or a cache. Each update replaces the only pod, so nothing serves in between. That is by design: a second pod would be a second, unconnected copy. Only the replication of the app itself removes the gap. Without a volume that outlives the pod, each update also loses the data. Other findings about gaps in updates are left out for such a workload.',
    fix: `# An operator, or the app's own replication, runs several connected copies.
# Without it, plan updates for a time when the outage does not matter.
kind: StatefulSet
spec:
  updateStrategy:
    type: OnDelete`,
    evaluate(workload) {
      const { object, name, replicas, rollout, containers, state, hasPlannedOutage } = workload;
      if (!hasPlannedOutage || !containers.some(({ serves }) => serves)) return [];
      const holds = `${name}: it holds state (${state.reason})`;
      const outside = state.isInPod ? ', outside any volume' : '';
      const place = { object, path: ['spec', replicas === 1 ? 'replicas' : 'strategy'] };
      if (rollout.type === 'OnDelete') {
        return [
          { place, message: `${holds} in one pod: replacing it is an outage until the new one is ready, by design` },
        ];
      }
      if (startsNewPodsFirst(workload)) {
        // Other rules report what two pods with one volume do.
        if (state.volumes.length > 0) return [];
        const message = `${holds} in one pod${outside}: an update starts a second pod without it, and deletes the first one and its state`;
        return [{ place, message }];
      }
      const loses = state.isInPod ? ' loses it and' : '';
      const message = `${holds}${outside}: each update${loses} is an outage from the end of the old pod${replicas === 1 ? '' : 's'} until a new one is ready, by design`;
      return [{ place, message }];
    },
  },
];
