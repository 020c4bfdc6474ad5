/** Rules about what surrounds the serving container: sidecars, Services, budgets. */

import { scaledValue } from '../../kubernetes-rules/rounding.ts';
import { isPercentOfAll } from '../limits.ts';
import type { BudgetObject } from '../objects.ts';
import type { Problem, Rule } from '../rule.ts';
import { SHORTEST_STAY_SECONDS, stayOf } from '../staying.ts';

export const NEIGHBOUR_RULES: readonly Rule[] = [
  {
    id: 'sidecar-stops-first',
    title: 'a sidecar that stops before the app',
    severity: 'info',
    explanation:
      'All containers of a pod get their preStop hook or SIGTERM at the same time. While the app sleeps in its hook and keeps serving, a sidecar without a hook has already stopped. If the sidecar is a proxy to a database or a mesh, requests then fail. A native sidecar (an init container with restartPolicy Always, Kubernetes 1.29 and later) stops after the app.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      initContainers:
        - name: proxy
          image: proxy:1
          restartPolicy: Always`,
    evaluate({ object, name, containers }, { options }) {
      const staying = containers.find(
        ({ container, serves }) => serves && stayOf(container, options.drainDelaySeconds).atLeastSeconds > 0,
      );
      if (!staying) return [];
      return containers
        .filter(({ container, serves }) => !serves && !container.lifecycle?.preStop)
        .map(({ container, path }) => ({
          place: { object, path },
          message: `${name}: container "${container.name}" gets SIGTERM while "${staying.container.name}" is still serving; if the app needs it, make it an init container with restartPolicy: Always`,
        }));
    },
  },
  {
    id: 'session-affinity-pins-dying-pod',
    title: 'session affinity that pins clients to a terminating pod',
    severity: 'warning',
    cause: 'routing-lag',
    explanation:
      'With sessionAffinity ClientIP, a router sends every connection of a client to the same pod for as long as it knows that pod. Until the router learns that the pod is terminating, such a client loses all of its new connections and not just some of them, unless the pod keeps serving that long.',
    fix: `kind: Service
spec:
  sessionAffinity: None`,
    evaluate({ name, containers }, { services, options }) {
      const leavesEarly = containers.some(({ container, serves }) => {
        const stay = stayOf(container, options.drainDelaySeconds);
        return serves && stay.preStopSeconds !== undefined && stay.atLeastSeconds < SHORTEST_STAY_SECONDS;
      });
      if (!leavesEarly) return [];
      return services
        .filter(({ value }) => value.spec.sessionAffinity === 'ClientIP')
        .map((service) => ({
          place: { object: service, path: ['spec', 'sessionAffinity'] },
          message: `Service "${service.value.metadata.name}": sessionAffinity ClientIP keeps sending a client to a terminating pod of ${name}; give the pod a preStop sleep, or write sessionAffinity: None`,
          patch: { spec: { sessionAffinity: 'None' } },
        }));
    },
  },
  {
    id: 'external-traffic-policy-local',
    title: 'a load balancer that sends only to nodes with a pod',
    severity: 'info',
    cause: 'routing-lag',
    explanation:
      'With externalTrafficPolicy Local, an external load balancer uses its own health checks to find the nodes that have a pod. When the last pod of a node terminates, the load balancer notices only after some failed checks, often 10 to 30 s later. The preStop sleep must be longer than that.',
    fix: `kind: Service
spec:
  externalTrafficPolicy: Cluster`,
    evaluate: ({ name }, { services }) =>
      services
        .filter(({ value }) => value.spec.externalTrafficPolicy === 'Local')
        .map((service) => ({
          place: { object: service, path: ['spec', 'externalTrafficPolicy'] },
          message: `Service "${service.value.metadata.name}": externalTrafficPolicy Local: the preStop sleep of ${name} must outlast the load balancer's health checks (interval x failures); or write externalTrafficPolicy: Cluster`,
        })),
  },
  {
    id: 'missing-pod-disruption-budget',
    title: 'no PodDisruptionBudget',
    severity: 'info',
    explanation:
      'A PodDisruptionBudget limits evictions. Without one, a node drain or a cluster upgrade may evict all pods at once. It does not limit a rolling update; maxUnavailable does.',
    fix: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: shop
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: shop`,
    alsoKnownAs: [
      'kube-score deployment-has-poddisruptionbudget',
      'Polaris missingPodDisruptionBudget',
      'Kyverno require-pdb',
    ],
    evaluate({ object, name, replicas = 0, containers }, { budgets }) {
      if (budgets.length > 0 || replicas < 2 || !containers.some(({ serves }) => serves)) return [];
      const message = `${name}: no PodDisruptionBudget here selects its pods: a node drain may evict all ${replicas} at once (a rollout is not limited by it); add one with maxUnavailable: 1`;
      return [{ place: { object, path: [] }, message }];
    },
  },
  {
    id: 'pdb-disruptions-is-zero',
    title: 'a PodDisruptionBudget that allows no eviction',
    severity: 'warning',
    explanation:
      'With maxUnavailable 0, or minAvailable as large as the number of replicas, no pod may ever be evicted. Node drains hang until somebody deletes the pods by force. Rollouts still work, because a budget does not limit them.',
    fix: `kind: PodDisruptionBudget
spec:
  maxUnavailable: 1`,
    alsoKnownAs: [
      'Polaris pdbDisruptionsIsZero',
      'kube-linter pdb-max-unavailable',
      'kube-linter pdb-min-available',
      'Kyverno deployment-replicas-higher-than-pdb',
    ],
    evaluate({ name, replicas }, { budgets }) {
      return budgets.flatMap((budget): Problem[] => {
        const limit = evictionLimit(budget.value, replicas);
        if (!limit) return [];
        const { metadata, spec } = budget.value;
        const of = replicas === undefined ? '' : ` of ${replicas}`;
        const message = `PodDisruptionBudget "${metadata.name}": ${limit} ${spec[limit]}${of} allows no eviction of ${name}, so node drains hang; write maxUnavailable: 1`;
        const patch = { spec: { ...(limit === 'minAvailable' && { minAvailable: null }), maxUnavailable: 1 } };
        return [{ place: { object: budget, path: ['spec', limit] }, message, patch }];
      });
    },
  },
];

/**
 * The field that allows no eviction, if any. Percentages of both fields round up. Source: the disruption controller.
 */
function evictionLimit({ spec }: BudgetObject, replicas: number | undefined) {
  const { maxUnavailable, minAvailable } = spec;
  if (maxUnavailable !== undefined)
    return Number.parseInt(String(maxUnavailable), 10) === 0 ? 'maxUnavailable' : undefined;
  if (isPercentOfAll(minAvailable)) return 'minAvailable';
  if (minAvailable === undefined || !replicas) return undefined;
  return scaledValue(minAvailable, replicas, true) >= replicas ? 'minAvailable' : undefined;
}
