/** Rules about the preStop hook, which keeps a pod in service while routers still send to it. */
import { slowestRouter } from '../balancers.ts';
import { stopBehaviorOf } from '../images.ts';
import { containerPatch } from '../patch.ts';
import { lessBesideLongerGaps, ON_A_CLUSTER, type Problem, type Rule } from '../rule.ts';
import { isKnownHelper } from '../sidecar-images.ts';
import {
  isOwnImage,
  RECOMMENDED_STAY_SECONDS,
  SHORTEST_STAY_SECONDS,
  type Stay,
  sleepPatch,
  stayOf,
} from '../staying.ts';
import type { Context, Workload, WorkloadContainer } from '../workload.ts';

/** Images known by their names to have neither a shell nor sleep(1). */
const BARE_IMAGE = /^scratch$|distroless|^cgr\.dev\/chainguard\/(?!.*:.*-dev)/;

const SLEEP_FIX = `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          lifecycle:
            preStop:
              sleep:
                seconds: 5`;

export const PRE_STOP_RULES: readonly Rule[] = [
  {
    id: 'no-prestop',
    title: 'no preStop hook',
    severity: 'warning',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      'The removal of the endpoint starts at the same time as SIGTERM. Routers learn of the removal later, and meanwhile send new connections to a pod that no longer accepts them. A preStop sleep keeps the pod in service until the routers know. The sleep action is built into the kubelet (Kubernetes 1.30 and later) and needs no shell. A hook that itself tells the app to stop (nginx -s quit) needs the sleep before that. It is a warning because it depends on the app: if yours keeps accepting connections for some seconds after SIGTERM, it needs a shorter sleep or none; pass --drain-delay. For a workload of one pod it is an info, because that has longer gaps whenever the pod crashes or its node is drained, and so it is with strategy Recreate and several pods (the rule says nothing about one pod with Recreate, which is an outage anyway), for the image of a database, a broker, a cache or a collector, whose clients connect again, and for a StatefulSet whose Service is not in the input, because that may be headless. The rule says nothing about a StatefulSet that only headless Services select, because its clients address each pod by name. If the grace period is too short for the sleep, the patch raises it as well.',
    measured: `${ON_A_CLUSTER} a deployment without preStop and drain delay broke 122 requests on Node 26.10, 159 on Bun 1.4.4 and 165 on Deno 2.9.6. With a preStop sleep of 5 s and a drain delay of 2 s it broke none. New connections failed for 0.3 to 1.05 s after each pod's SIGTERM.`,
    fix: SLEEP_FIX,
    alsoKnownAs: ['datree CONTAINERS_MISSING_PRESTOP_KEY', 'Azure Policy ContainerEnforcePreStopHook'],
    evaluate(workload, context) {
      // Argo keeps the old pods for that long after their traffic has moved.
      if (workload.keepsOldPodsSeconds >= SHORTEST_STAY_SECONDS) return [];
      if (isAddressedByName(workload, context) || isGoneInUpdates(workload)) return [];
      const { advisedSeconds, name, reason } = slowestRouter(workload, context);
      const why = name === undefined ? '' : ` (${name}: ${reason})`;
      return stays(workload, context).flatMap(({ target, stay }): Problem[] => {
        const { container, path } = target;
        const hook = container.lifecycle?.preStop;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop'] };
        if (stay.atLeastSeconds >= SHORTEST_STAY_SECONDS) return [];
        // The clients of a database or a collector connect again by themselves.
        const isForgiven = workload.state.byImage || isKnownHelper(container) || mayBeHeadless(workload, context);
        const less = isForgiven ? { severity: 'info' as const } : lessBesideLongerGaps(workload, context);
        if (hook && stay.quits !== undefined)
          return [{ place, ...less, ...quitsFirst(workload, target, stay, advisedSeconds, context) }];
        if (hook) return [];
        const message = `${workload.name}: container "${container.name}" has no preStop hook: routers send it new connections after ${stopSignalOf(container)}${why}; write preStop: {sleep: {seconds: ${advisedSeconds}}}`;
        return [{ place, message, ...less, patch: sleepPatch(workload, target, advisedSeconds, context.options) }];
      });
    },
  },
  {
    id: 'prestop-too-short',
    title: 'a preStop sleep shorter than the routing lag',
    severity: 'warning',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      'After its deletion, a pod keeps serving for the preStop sleep plus the drain delay. That must be longer than the slowest router needs to learn of the deletion: about a second for kube-proxy, several seconds for load balancers that poll.',
    measured:
      'On Kubernetes 1.34 with kube-proxy, new connections reached a terminating pod for 0.3 to 1.05 s after its SIGTERM.',
    fix: SLEEP_FIX,
    evaluate(workload, context) {
      // Another rule reports a load balancer that needs longer.
      if (slowestRouter(workload, context).name !== undefined) return [];
      if (isAddressedByName(workload, context) || isGoneInUpdates(workload)) return [];
      const less = lessBesideLongerGaps(workload, context);
      return stays(workload, context).flatMap(({ target, stay }): Problem[] => {
        const { container, path } = target;
        const { preStop } = container.lifecycle ?? {};
        if (!preStop || stay.quits !== undefined || !stay.isKnown || stay.atLeastSeconds >= SHORTEST_STAY_SECONDS)
          return [];
        const message = `${workload.name}: container "${container.name}" stays in service for ${stay.atLeastSeconds} s after its deletion, but routers need up to about ${SHORTEST_STAY_SECONDS} s; write a preStop sleep of ${RECOMMENDED_STAY_SECONDS} s`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop'] };
        if (!preStop.sleep && !onlySleeps(preStop.exec?.command ?? [])) return [{ place, message, ...less }];
        const patch = sleepPatch(workload, target, RECOMMENDED_STAY_SECONDS, context.options);
        return [{ place, message, ...less, patch }];
      });
    },
  },
  {
    id: 'prestop-exec-needs-missing-binary',
    title: 'a preStop command that the image does not have',
    severity: 'warning',
    judges: 'pods',
    cause: 'routing-lag',
    explanation:
      'An exec hook runs a program of the image. Distroless images and scratch have no shell and no sleep, so the hook fails. The kubelet records FailedPreStopHook and sends SIGTERM at once, as if there were no hook.',
    fix: SLEEP_FIX,
    evaluate: (workload, context) =>
      workload.containers.flatMap((target): Problem[] => {
        const { container, path } = target;
        const [program] = container.lifecycle?.preStop?.exec?.command ?? [];
        const image = imageOf(target, context);
        if (program === undefined || !usesShellOrSleep(program) || !BARE_IMAGE.test(image)) return [];
        const message = `${workload.name}: the preStop hook of container "${container.name}" runs ${program}, which the image ${image} lacks, so it fails and SIGTERM is sent immediately; write preStop: {sleep: {seconds: ${RECOMMENDED_STAY_SECONDS}}}`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop', 'exec'] };
        return [{ place, message, patch: sleepPatch(workload, target, RECOMMENDED_STAY_SECONDS, context.options) }];
      }),
  },
  {
    id: 'prestop-exec-instead-of-sleep',
    title: 'a preStop command that only sleeps',
    severity: 'info',
    judges: 'pods',
    cause: 'routing-lag',
    explanation:
      'An exec hook needs a shell or sleep(1) in the image, and fails without it. The sleep action of the kubelet (on by default since Kubernetes 1.30, stable since 1.34) needs nothing from the image.',
    fix: SLEEP_FIX,
    evaluate: (workload, context) =>
      workload.containers.flatMap((target): Problem[] => {
        const { container, path } = target;
        const command = container.lifecycle?.preStop?.exec?.command ?? [];
        if (!onlySleeps(command) || BARE_IMAGE.test(imageOf(target, context))) return [];
        const seconds = stayOf(container, 0).preStopSeconds;
        // Other rules report a sleep that is too short, and one that does not fit into the grace period.
        if (seconds === undefined || seconds < SHORTEST_STAY_SECONDS || seconds > workload.graceSeconds) return [];
        const whole = Math.ceil(seconds);
        const message = `${workload.name}: the preStop hook of container "${container.name}" needs ${command[0]} in the image to sleep; write preStop: {sleep: {seconds: ${whole}}} (Kubernetes 1.30 or later)`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop', 'exec'] };
        const patch = containerPatch(target, { lifecycle: { preStop: { exec: null, sleep: { seconds: whole } } } });
        return [{ place, message, ...(whole <= workload.graceSeconds && { patch }) }];
      }),
  },
];

/**
 * A hook that tells the app to stop before routers know. If that is also what the image's stop signal does, a sleep
 * instead is the whole fix; else the command must come after a sleep.
 */
function quitsFirst(
  workload: Workload,
  target: WorkloadContainer,
  { quits = '', atLeastSeconds }: Stay,
  seconds: number,
  { options }: Context,
): Pick<Problem, 'message' | 'patch'> {
  const when = atLeastSeconds === 0 ? 'at once' : `after ${atLeastSeconds} s`;
  const what = `${workload.name}: the preStop hook of container "${target.container.name}" runs "${quits}" ${when}: the app closes its port while routers still send it new connections`;
  const { image, lifecycle } = target.container;
  const isStopSignalToo = stopBehaviorOf(image) !== undefined && lifecycle?.stopSignal === undefined;
  if (!isStopSignalToo) return { message: `${what}; sleep ${seconds} s before it` };
  const message = `${what}; write preStop: {sleep: {seconds: ${seconds}}}, and the image's stop signal does the rest`;
  return { message, patch: sleepPatch(workload, target, seconds, options) };
}

/** A StatefulSet with headless Services only: clients address a pod by its name, and no router chooses another. */
/** The Service of a StatefulSet is headless as a rule; this one is not in the input. */
function mayBeHeadless({ object }: Workload, { services }: Context): boolean {
  return object.value.kind === 'StatefulSet' && services.length === 0;
}

function isAddressedByName({ object }: Workload, { services }: Context): boolean {
  if (object.value.kind !== 'StatefulSet' || services.length === 0) return false;
  return services.every(({ value }) => value.spec.clusterIP === 'None');
}

/** Each serving container, and how long it stays in service. A native sidecar gets its signal when the app has ended. */
function stays({ containers }: Workload, { options }: Context): { target: WorkloadContainer; stay: Stay }[] {
  const apps = containers.filter(({ list }) => list === 'containers');
  const appSeconds = Math.max(0, ...apps.map(({ container }) => stayOf(container, 0).preStopSeconds ?? 0));
  return containers
    .filter(({ serves }) => serves)
    .map((target) => {
      const stay = stayOf(target.container, options.drainDelaySeconds);
      if (target.list === 'containers') return { target, stay };
      return { target, stay: { ...stay, atLeastSeconds: Math.max(stay.atLeastSeconds, appSeconds) } };
    });
}

function usesShellOrSleep(program: string): boolean {
  return /(^|\/)(sh|bash|ash|dash|sleep|env|busybox)$/.test(program);
}

function onlySleeps(command: readonly string[]): boolean {
  return /^(\S*\/)?(sleep|(ba|da|a)?sh -\w*c (\S*\/)?sleep) [\d.]+[smhd]?$/.test(command.join(' '));
}

/** The image of a container; for a serving one, the Dockerfile's base image if there is a Dockerfile. */
function imageOf({ container, serves }: WorkloadContainer, { dockerfile }: Context): string {
  return (serves ? dockerfile?.baseImage : undefined) ?? container.image ?? '';
}

/** The only pod is deleted before the next one starts: there is no update in which a hook would keep it in service. */
function isGoneInUpdates({ replicas, rollout, containers }: Workload): boolean {
  const isOwn = containers.some(({ container }) => isOwnImage(container.image));
  return replicas === 1 && rollout.type === 'Recreate' && !isOwn;
}

/** The signal that stops it, if the image is one that is known to have another. */
function stopSignalOf({ image, lifecycle }: WorkloadContainer['container']): string {
  const own = lifecycle?.stopSignal;
  return typeof own === 'string' ? own : (stopBehaviorOf(image)?.graceful ?? 'SIGTERM');
}
