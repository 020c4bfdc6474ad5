/** Rules about how an update replaces pods. */
import { isPercentOfAll } from '../limits.ts';
import type { Problem, Rule } from '../rule.ts';
import type { Context, Workload } from '../workload.ts';

const ONE_AT_A_TIME = { maxSurge: 1, maxUnavailable: 0 };

export const STRATEGY_RULES: readonly Rule[] = [
  {
    id: 'no-rolling-update-strategy',
    title: 'strategy Recreate',
    severity: 'error',
    cause: 'capacity',
    explanation:
      'Recreate deletes every pod, waits until all of them are gone, and only then starts new ones. Each rollout is an outage for as long as pods take to end and to start, however many replicas there are.',
    measured:
      'On Kubernetes 1.34, 45 s of load with one rollout of one replica with Recreate broke 377 of about 18,900 requests on Node, 423 on Bun and 404 on Deno, everything else being right; with 3 replicas and RollingUpdate none.',
    fix: `kind: Deployment
spec:
  replicas: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0`,
    alsoKnownAs: ['kube-linter no-rolling-update-strategy', 'kube-score deployment-strategy'],
    evaluate({ object, name, replicas = 0, rollout }, { autoscaler }) {
      if (rollout.type !== 'Recreate' || replicas === 0) return [];
      const all = replicas === 1 ? 'the only pod' : `all ${replicas} pods`;
      const enough = replicas === 1 && !autoscaler ? 'replicas: 3, ' : '';
      const message = `${name}: strategy Recreate: a rollout deletes ${all} before it starts a new one, so no pod serves in between; write ${enough}type: RollingUpdate, maxSurge: 1, maxUnavailable: 0`;
      const strategy = { type: 'RollingUpdate', rollingUpdate: ONE_AT_A_TIME };
      const patch = { spec: { ...(enough !== '' && { replicas: 3 }), strategy } };
      return [{ place: { object, path: ['spec', 'strategy', 'type'] }, message, patch }];
    },
  },
  {
    id: 'rollout-takes-all',
    title: 'a rolling update that may take every pod at once',
    severity: 'warning',
    cause: 'capacity',
    explanation:
      'maxUnavailable, rounded down where it is a percentage, is as large as the number of replicas: every old pod may be deleted before a new one is ready. Routers then fall back to terminating pods that still serve (Kubernetes 1.28 and later), so all depends on preStop outlasting the start of the new pods.',
    measured:
      'One replica replaced in place on Kubernetes 1.34: 0 of 16,782 requests broke with a preStop sleep of 5 s, which outlasted the start; 465 without it.',
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
    id: 'host-port-blocks-surge',
    title: 'a host port with maxUnavailable 0',
    severity: 'warning',
    explanation:
      'A node has each host port once. With maxUnavailable 0 the new pod has to start beside the old ones, and finds no place where every node has one already: the rollout hangs.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          ports:
            # No hostPort: a Service finds the pod.
            - containerPort: 8080`,
    alsoKnownAs: ['Polaris hostPortSet'],
    evaluate({ object, name, rollout, containers }) {
      if (object.value.kind !== 'Deployment' || rollout.type !== 'RollingUpdate' || rollout.maxUnavailable !== 0)
        return [];
      const { hostNetwork } = object.value.spec.template.spec;
      return containers.flatMap(({ container, path }) =>
        (container.ports ?? []).flatMap((port, index): Problem[] => {
          const hostPort = hostNetwork ? port.containerPort : port.hostPort;
          if (!hostPort) return [];
          const message = `${name}: host port ${hostPort} with maxUnavailable 0: a new pod needs a node without an old one, or the rollout hangs; remove ${hostNetwork ? 'hostNetwork' : 'hostPort'}, or allow maxUnavailable: 1`;
          return [{ place: { object, path: [...path, 'ports', index, 'hostPort'] }, message }];
        }),
      );
    },
  },
  {
    id: 'min-ready-seconds-zero',
    title: 'no minReadySeconds',
    severity: 'info',
    explanation:
      'A new pod counts as available the moment it is ready, and the next old pod goes at once. A few seconds of minReadySeconds give routers time to learn of the new pod first, and stop a rollout whose pods fail right after their start.',
    fix: `kind: Deployment
spec:
  minReadySeconds: 5`,
    evaluate({ object, name, defaulted, replicas, rollout, containers }) {
      if (rollout.type !== 'RollingUpdate' || replicas === 0 || !containers.some(({ serves }) => serves)) return [];
      if (defaulted.spec.minReadySeconds > 0) return [];
      const message = `${name}: minReadySeconds 0: the next old pod is deleted the moment a new one is ready; write minReadySeconds: 5`;
      return [
        { place: { object, path: ['spec', 'minReadySeconds'] }, message, patch: { spec: { minReadySeconds: 5 } } },
      ];
    },
  },
];

function rolloutTakesAll(workload: Workload, { autoscaler }: Context): Problem[] {
  const { object, name, replicas, rollout, containers } = workload;
  const { value } = object;
  if (rollout.type !== 'RollingUpdate' || !containers.some(({ serves }) => serves)) return [];
  const { kind } = value;
  const [field, written] =
    value.kind === 'Deployment'
      ? (['strategy', value.spec.strategy] as const)
      : (['updateStrategy', value.spec.updateStrategy] as const);
  const limit = written?.rollingUpdate?.maxUnavailable;
  // Without a maxUnavailable, it was raised because maxSurge is 0.
  const path = ['spec', field, 'rollingUpdate', limit === undefined ? 'maxSurge' : 'maxUnavailable'];
  const instead = kind === 'Deployment' ? ONE_AT_A_TIME : { maxUnavailable: 1 };
  const found = (why: string): Problem[] => {
    const message = `${name}: ${why} may be deleted before a new one is ready; write ${inWords(instead)}`;
    const patch = { spec: { [field]: { type: 'RollingUpdate', rollingUpdate: instead } } };
    return [{ place: { object, path }, message, patch }];
  };
  if (kind === 'DaemonSet') return isPercentOfAll(limit) ? found(`maxUnavailable ${limit}: the pods of all nodes`) : [];
  // Another rule covers a StatefulSet with one replica.
  if (!replicas || (kind === 'StatefulSet' && replicas === 1)) return [];
  const { maxUnavailable = 0 } = rollout;
  if (maxUnavailable < replicas) return [];
  const of = `${replicas}${autoscaler ? ' (minReplicas)' : ''}`;
  const what = replicas === 1 ? 'the only pod' : `all ${replicas} pods`;
  return found(
    limit === undefined
      ? `maxSurge 0 leaves ${maxUnavailable} of ${of} to be unavailable: ${what}`
      : `maxUnavailable ${limit} of ${of} comes to ${maxUnavailable}: ${what}`,
  );
}

function inWords(limits: Record<string, number>): string {
  return Object.entries(limits)
    .map(([limit, value]) => `${limit}: ${value}`)
    .join(', ');
}
