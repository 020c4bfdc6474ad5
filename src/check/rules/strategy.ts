/** Rules about how an update replaces pods. */
import { isPercentOfAll } from '../limits.ts';
import type { Problem, Rule } from '../rule.ts';
import { surgeObstacle } from '../surge.ts';
import type { Context, Workload } from '../workload.ts';

const ONE_AT_A_TIME = { maxSurge: 1, maxUnavailable: 0 };

export const STRATEGY_RULES: readonly Rule[] = [
  {
    id: 'no-rolling-update-strategy',
    title: 'strategy Recreate',
    severity: 'error',
    judges: 'gaps',
    cause: 'capacity',
    explanation:
      'Recreate deletes all pods, waits until they are gone, and only then starts new ones. Every rollout is an outage for as long as pods take to end and to start, regardless of the number of replicas. If new pods cannot start beside the old ones (a host port, required anti-affinity), Recreate is a choice and this is only an info; if the pods hold state, see state-in-one-pod.',
    measured:
      'On Kubernetes 1.34, in 45 s of load with one rollout, one replica with Recreate broke 377 of about 18,900 requests on Node, 423 on Bun and 404 on Deno; everything else was right. 3 replicas with RollingUpdate broke none.',
    fix: `kind: Deployment
spec:
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0`,
    documented: 'The page on Deployments in the Kubernetes documentation (Recreate Deployment).',
    alsoKnownAs: ['kube-linter no-rolling-update-strategy', 'kube-score deployment-strategy'],
    evaluate(workload) {
      const { object, name, replicas = 0, rollout, containers, controller } = workload;
      if (rollout.type !== 'Recreate' || !containers.some(({ serves }) => serves)) return [];
      const all = replicas === 1 ? 'the only pod' : `all ${replicas} pods`;
      const what = `${name}: strategy Recreate: a rollout deletes ${all} before it starts a new one, so no pod serves in between`;
      const place = { object, path: ['spec', 'strategy', 'type'] };
      const obstacle = surgeObstacle(workload);
      if (obstacle !== undefined) {
        const message = `${what}; ${obstacle} keeps new pods from starting beside the old ones`;
        return [{ place, message, severity: 'info' }];
      }
      const message = `${what}; write type: RollingUpdate, maxSurge: 1, maxUnavailable: 0`;
      if (controller !== 'Kubernetes') return [{ place, message: `${what}; use its rolling strategy` }];
      const patch = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: ONE_AT_A_TIME } } };
      return [{ place, message, patch }];
    },
  },
  {
    id: 'rollout-takes-all',
    title: 'a rolling update that may delete every pod at once',
    severity: 'warning',
    judges: 'gaps',
    cause: 'capacity',
    explanation:
      'maxUnavailable (rounded down if it is a percentage) is as large as the number of replicas, so the rollout may delete every old pod before a new one is ready. Routers then fall back to terminating pods that still serve (Kubernetes 1.28 and later). Requests fail unless preStop lasts until the new pods have started.',
    measured:
      'On Kubernetes 1.34, one replica that was replaced in place broke 0 of 16,782 requests with a preStop sleep of 5 s, which lasted until the new pod had started. Without the sleep it broke 465.',
    fix: `kind: Deployment
spec:
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0`,
    alsoKnownAs: ['kube-linter update-configuration (a template for checks of your own)'],
    evaluate: rolloutTakesAll,
  },
  {
    id: 'min-ready-seconds-zero',
    title: 'no minReadySeconds',
    severity: 'info',
    judges: 'gaps',
    explanation:
      'A new pod counts as available as soon as it is ready, and the rollout then deletes the next old pod at once. A few seconds of minReadySeconds give routers time to learn of the new pod first, and stop a rollout whose pods fail right after they start.',
    fix: `kind: Deployment
spec:
  minReadySeconds: 5`,
    evaluate({ object, name, defaulted, replicas, rollout, containers }) {
      if (rollout.type !== 'RollingUpdate' || !containers.some(({ serves }) => serves)) return [];
      if (defaulted.spec.minReadySeconds > 0) return [];
      // Its only pod is deleted before the new one starts.
      if (object.value.kind === 'StatefulSet' && replicas === 1) return [];
      const message = `${name}: minReadySeconds 0: the next old pod is deleted the moment a new one is ready; write minReadySeconds: 5`;
      const place = { object, path: ['spec', 'minReadySeconds'] };
      // The API server refuses a progress deadline that is not longer.
      const { progressDeadlineSeconds = Number.POSITIVE_INFINITY } = defaulted.spec as {
        progressDeadlineSeconds?: number;
      };
      return [{ place, message, ...(progressDeadlineSeconds > 5 && { patch: { spec: { minReadySeconds: 5 } } }) }];
    },
  },
];

function rolloutTakesAll(workload: Workload, { autoscaler }: Context): Problem[] {
  const { object, name, replicas, rollout, containers, controller } = workload;
  const { value } = object;
  if (rollout.type !== 'RollingUpdate' || controller !== 'Kubernetes') return [];
  if (!containers.some(({ serves }) => serves)) return [];
  const [field, written] =
    value.kind === 'Deployment'
      ? (['strategy', value.spec.strategy] as const)
      : (['updateStrategy', value.spec.updateStrategy as Limits] as const);
  const limit = written?.rollingUpdate?.maxUnavailable;
  // Without a maxUnavailable, it was raised because maxSurge is 0.
  const path = ['spec', field, 'rollingUpdate', limit === undefined ? 'maxSurge' : 'maxUnavailable'];
  const obstacle = value.kind === 'Deployment' ? surgeObstacle(workload) : undefined;
  const instead = value.kind === 'Deployment' && obstacle === undefined ? ONE_AT_A_TIME : { maxUnavailable: 1 };
  const found = (why: string): Problem[] => {
    const what = `${name}: ${why} may be deleted before a new one is ready`;
    if (obstacle !== undefined && replicas === 1)
      return [
        {
          place: { object, path },
          message: `${what}; ${obstacle} keeps a new pod from starting beside the old one`,
          severity: 'info',
        },
      ];
    const patch = { spec: { [field]: { type: 'RollingUpdate', rollingUpdate: instead } } };
    return [{ place: { object, path }, message: `${what}; write ${inWords(instead)}`, patch }];
  };
  if (value.kind === 'DaemonSet')
    return isPercentOfAll(limit) ? found(`maxUnavailable ${limit}: the pods of all nodes`) : [];
  // Another rule covers a StatefulSet with one replica.
  if (!replicas || (value.kind === 'StatefulSet' && replicas === 1)) return [];
  const { maxUnavailable = 0 } = rollout;
  if (maxUnavailable < replicas) return [];
  const of = `${replicas}${autoscaler ? ' (minReplicas)' : ''}`;
  const what = replicas === 1 ? 'the only pod' : `all ${replicas} pods`;
  return found(
    limit === undefined
      ? `maxSurge 0 leaves ${maxUnavailable} of ${of} to be unavailable: ${what}`
      : `maxUnavailable ${limit} of ${of}${typeof limit === 'string' ? ` is ${maxUnavailable}` : ''}: ${what}`,
  );
}

type Limits = { rollingUpdate?: { maxUnavailable?: number | string | undefined } | undefined } | undefined;

function inWords(limits: Record<string, number>): string {
  return Object.entries(limits)
    .map(([limit, value]) => `${limit}: ${value}`)
    .join(', ');
}
