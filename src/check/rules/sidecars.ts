/** The rule about containers of a pod that stop before the one that needs them. */
import type { Problem, Rule } from '../rule.ts';
import { cutsAtOnce, isHelper, isProxy, proxyStaysSeconds } from '../sidecar-images.ts';
import { sleepPatch, stayOf } from '../staying.ts';
import type { Context, Workload, WorkloadContainer } from '../workload.ts';

export const SIDECAR_RULES: readonly Rule[] = [
  {
    id: 'sidecar-stops-first',
    title: 'a sidecar that stops before the app',
    severity: 'warning',
    judges: 'gaps',
    explanation:
      "All containers of a pod get their preStop hook or SIGTERM at the same time. While the app sleeps in its hook and keeps serving, a container with a shorter hook, or none, has already stopped. If that is a proxy (of a mesh, or to a database), requests then fail: its sleep must be at least as long as the app's. The same holds the other way round, for an app behind a proxy that serves. istio-proxy drains for 5 s after SIGTERM by default. A proxy to Cloud SQL or AlloyDB closes its connections at SIGTERM unless an option makes it wait (--max-sigterm-delay), so an app without a hook loses its database as well while it finishes its requests. For a container that is no known proxy, this is an info, because only you know whether the app needs it. A native sidecar (an init container with restartPolicy Always, Kubernetes 1.29 and later) gets SIGTERM after the app has ended.",
    documented:
      'The page on sidecar containers in the Kubernetes documentation, killContainer in the kubelet of Kubernetes 1.34, and terminationDrainDuration in the reference of Istio.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      initContainers:
        - name: proxy
          image: proxy:1
          restartPolicy: Always`,
    evaluate(workload, context) {
      const staying = workload.containers
        .filter(({ serves }) => serves)
        .map((target) => ({ target, seconds: staysUntil(target, context) }))
        .toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0))[0];
      if (!staying) return [];
      const others = workload.containers.filter(({ serves, list }) => !serves && list === 'containers');
      if (staying.seconds === 0) return others.flatMap((other) => cutsWhatIsLeft(other, staying.target, workload));
      return others.flatMap((other) => stopsFirst(other, staying, workload));
    },
  },
];

interface Staying {
  target: WorkloadContainer;
  /** Undefined if not known: a hook of unknown length. */
  seconds: number | undefined;
}

/** How long the container works on: through its hook, and what it drains for after that. */
function staysUntil({ container }: WorkloadContainer, { options }: Context): number | undefined {
  const { preStopSeconds, drainDelaySeconds } = stayOf(container, options.drainDelaySeconds);
  return preStopSeconds === undefined ? undefined : preStopSeconds + drainDelaySeconds;
}

/** The app stops accepting at SIGTERM, but it finishes its requests, and they may need the database. */
function cutsWhatIsLeft({ container, path }: WorkloadContainer, app: WorkloadContainer, workload: Workload): Problem[] {
  if (container.lifecycle?.preStop || !cutsAtOnce(container)) return [];
  const message = `${workload.name}: container "${container.name}" closes its connections at SIGTERM, while "${app.container.name}" may still finish requests that need them; make it an init container with restartPolicy: Always`;
  return [{ place: { object: workload.object, path }, message }];
}

function stopsFirst(other: WorkloadContainer, staying: Staying, workload: Workload): Problem[] {
  const { container, path } = other;
  if (isHelper(container) && !isProxy(container)) return [];
  const { preStopSeconds } = stayOf(container, 0);
  const drains = proxyStaysSeconds(container);
  if (preStopSeconds === undefined || drains === undefined) return [];
  const own = preStopSeconds + drains;
  if (own > 0 && (staying.seconds === undefined || own >= staying.seconds)) return [];
  const place = { object: workload.object, path };
  const name = staying.target.container.name;
  const what = `${workload.name}: container "${container.name}"`;
  const isProxied = isProxy(staying.target.container);
  if (!isProxy(container) && !isProxied) {
    if (own > 0) return [];
    const instead =
      staying.target.list === 'initContainers'
        ? `if "${name}" passes requests on to it, give it a preStop hook as long`
        : 'if the app needs it, make it an init container with restartPolicy: Always';
    const message = `${what} gets SIGTERM while "${name}" is still serving; ${instead}`;
    return [{ place, message, severity: 'info' }];
  }
  const stops = own === 0 ? 'stops at once' : `stops after ${own} s`;
  const through =
    isProxied && !isProxy(container) ? `requests through "${name}" then fail` : 'requests through it then fail';
  const { seconds } = staying;
  if (seconds === undefined) {
    const message = `${what} ${stops} while "${name}" is still serving, and ${through}; give it a preStop hook that lasts as long`;
    return [{ place, message }];
  }
  const sleep = Math.ceil(seconds);
  const native = isProxied ? '' : ', or make it an init container with restartPolicy: Always';
  const message = `${what} ${stops}, but "${name}" serves for ${seconds} s after the deletion, and ${through}; write a preStop sleep of ${sleep} s${native}`;
  const patch = sleepPatch(workload, other, sleep, { drainDelaySeconds: 0, longestRequestSeconds: 0 });
  return [{ place, message, patch }];
}
