/** Rules about probes, which decide when a new pod gets traffic and when an old one is restarted. */
import { isDeepStrictEqual } from 'node:util';
import { probeWithDefaults } from '../../kubernetes-rules/defaults.ts';
import type { Probe } from '../../kubernetes-rules/written-objects.ts';
import { imageName } from '../images.ts';
import type { CheckedContainer } from '../objects.ts';
import { containerPatch } from '../patch.ts';
import { lessBesideLongerGaps, type Rule } from '../rule.ts';

/** From here on, a pod that cannot serve gets requests for too long. */
const SLOW_SECONDS = 30;

export const PROBE_RULES: readonly Rule[] = [
  {
    id: 'no-readiness-probe',
    title: 'no readiness probe',
    severity: 'warning',
    judges: 'gaps',
    cause: 'not-ready',
    explanation:
      'Without a readiness probe, a container counts as ready when its process starts. The new pod may then get requests before it listens, and the rollout already deletes old pods. An app that listens within a few milliseconds is ready before routers know the pod, so this is a warning, and an info for images of servers that do so (nginx, httpd, HAProxy, Caddy, Traefik, Envoy). For a workload of one pod, or with strategy Recreate, it is an info, because a crash or a drain has the same gap. With one pod, each rollout has it too: the old pod is deleted when the new container has started. (A startup probe alone is enough for the start: the container is not ready before the probe has succeeded.)',
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 1
            failureThreshold: 2`,
    alsoKnownAs: [
      'kube-linter no-readiness-probe',
      'kube-score pod-probes',
      'Polaris readinessProbeMissing',
      'Kyverno require-pod-probes',
      'checkov CKV_K8S_9',
    ],
    evaluate(workload, context) {
      const { object, name, containers } = workload;
      return containers
        .filter(({ container, serves }) => serves && !container.readinessProbe && !container.startupProbe)
        .map(({ container, path }) => ({
          place: { object, path: [...path, 'readinessProbe'] },
          message: `${name}: container "${container.name}" has no readiness probe: a new pod may get requests before it listens; write a readinessProbe that succeeds once the app can serve`,
          ...(listensAtOnce(container) ? { severity: 'info' as const } : lessBesideLongerGaps(workload, context)),
        }));
    },
  },
  {
    id: 'pod-probes-identical',
    title: 'identical readiness and liveness probes',
    severity: 'info',
    judges: 'pods',
    cause: 'capacity',
    explanation:
      'Readiness asks whether the pod can take more requests now. Liveness asks whether only a restart can help. If liveness fails as early as readiness, the kubelet kills a pod that was only overloaded, with all its requests in flight, and the other pods get its load. The same endpoint is fine if liveness gives up later.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 5
            failureThreshold: 6`,
    alsoKnownAs: ['kube-score pod-probes-identical', 'Kyverno ensure-probes-different'],
    evaluate({ object, name, containers }) {
      return containers.flatMap(({ container, path }) => {
        const { readinessProbe: readiness, livenessProbe: liveness } = container;
        if (!readiness || !liveness || !isDeepStrictEqual(handler(readiness), handler(liveness))) return [];
        const [unready, dead] = [patience(readiness), patience(liveness)];
        if (dead > unready) return [];
        const message = `${name}: container "${container.name}" is killed after ${dead} s of failing the probe that takes it out of service after ${unready} s; give livenessProbe an endpoint of its own, or a failureThreshold well above`;
        return [{ place: { object, path: [...path, 'livenessProbe'] }, message }];
      });
    },
  },
  {
    id: 'readiness-probe-slow',
    title: 'a slow readiness probe',
    severity: 'info',
    judges: 'gaps',
    cause: 'not-ready',
    explanation:
      'A pod that cannot serve keeps getting requests for up to periodSeconds times failureThreshold, and the timeout of a probe (31 s with the defaults). A long period also makes each new pod wait for its first success. A terminating pod leaves the endpoints at once; this probe plays no part in that. The rule says nothing about the only pod of a workload, because no other could answer its requests.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          readinessProbe:
            periodSeconds: 1
            failureThreshold: 2`,
    evaluate({ object, name, replicas, containers }, { autoscaler }) {
      // Nobody else could answer the requests of the only pod.
      if (replicas === 1 && !autoscaler) return [];
      return containers.flatMap((target) => {
        const { container, path, serves } = target;
        const { readinessProbe } = container;
        if (!serves || !readinessProbe || patience(readinessProbe) < SLOW_SECONDS) return [];
        const { periodSeconds, failureThreshold, timeoutSeconds } = probeWithDefaults(readinessProbe);
        const message = `${name}: container "${container.name}" keeps getting requests for up to ${periodSeconds * failureThreshold + timeoutSeconds} s after it stopped serving (${failureThreshold} failures ${periodSeconds} s apart, and a timeout of ${timeoutSeconds} s); write periodSeconds: 1, failureThreshold: 2`;
        const patch = containerPatch(target, { readinessProbe: { periodSeconds: 1, failureThreshold: 2 } });
        return [{ place: { object, path: [...path, 'readinessProbe', 'periodSeconds'] }, message, patch }];
      });
    },
  },
];

/** Servers that listen within milliseconds, if nobody has put something before them. */
const PROMPT_SERVERS: readonly string[] = ['nginx', 'nginx-slim', 'httpd', 'haproxy', 'caddy', 'traefik', 'envoy'];

function listensAtOnce({ image, command }: CheckedContainer): boolean {
  return command === undefined && PROMPT_SERVERS.includes(imageName(image).toLowerCase());
}

function handler({ httpGet, tcpSocket, exec, grpc }: Probe): unknown {
  return { httpGet, tcpSocket, exec, grpc };
}

/** How long the probe has to fail, in seconds, until it counts as failed. */
function patience(probe: Probe): number {
  const { periodSeconds, failureThreshold } = probeWithDefaults(probe);
  return periodSeconds * failureThreshold;
}
