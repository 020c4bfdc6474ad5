/** Rules about the preStop hook, which keeps a pod in service while routers still send to it. */
import { containerPatch } from '../patch.ts';
import { ON_A_CLUSTER, type Problem, type Rule } from '../rule.ts';
import { RECOMMENDED_STAY_SECONDS, SHORTEST_STAY_SECONDS, stayOf } from '../staying.ts';
import type { Context, Workload, WorkloadContainer } from '../workload.ts';

const SLEEP = { lifecycle: { preStop: { sleep: { seconds: RECOMMENDED_STAY_SECONDS } } } };
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
    cause: 'routing-lag',
    explanation:
      'The removal of the endpoint starts at the same time as SIGTERM. Routers learn of the removal later, and meanwhile send new connections to a pod that no longer accepts them. A preStop sleep keeps the pod in service until the routers know. The sleep action is built into the kubelet (Kubernetes 1.30 and later) and needs no shell. An app that keeps accepting connections for some seconds after SIGTERM needs a shorter sleep or none: pass --drain-delay. A manifest does not show that, so this is a warning.',
    measured: `${ON_A_CLUSTER} a deployment without preStop and drain delay broke 122 requests on Node 26.10, 159 on Bun 1.4.4 and 165 on Deno 2.9.6. With a preStop sleep of 5 s and a drain delay of 2 s it broke none. New connections failed for 0.3 to 1.05 s after each pod's SIGTERM.`,
    fix: SLEEP_FIX,
    alsoKnownAs: ['datree CONTAINERS_MISSING_PRESTOP_KEY', 'Azure Policy ContainerEnforcePreStopHook'],
    evaluate: (workload, context) =>
      stays(workload, context).flatMap(({ container, path, seconds }): Problem[] => {
        if (container.lifecycle?.preStop || seconds >= SHORTEST_STAY_SECONDS) return [];
        const message = `${workload.name}: container "${container.name}" has no preStop hook: routers send it new connections after SIGTERM; write preStop: {sleep: {seconds: ${RECOMMENDED_STAY_SECONDS}}}`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop'] };
        return [{ place, message, patch: containerPatch(container, SLEEP) }];
      }),
  },
  {
    id: 'prestop-too-short',
    title: 'a preStop sleep shorter than the routing lag',
    severity: 'warning',
    cause: 'routing-lag',
    explanation:
      'After its deletion, a pod keeps serving for the preStop sleep plus the drain delay. That must be longer than the slowest router needs to learn of the deletion: about a second for kube-proxy, several seconds for load balancers that poll.',
    measured:
      'On Kubernetes 1.34 with kube-proxy, new connections reached a terminating pod for 0.3 to 1.05 s after its SIGTERM.',
    fix: SLEEP_FIX,
    evaluate: (workload, context) =>
      stays(workload, context).flatMap(({ container, path, known, seconds }): Problem[] => {
        if (!container.lifecycle?.preStop || !known || seconds >= SHORTEST_STAY_SECONDS) return [];
        const message = `${workload.name}: container "${container.name}" stays in service for ${seconds} s after its deletion, but routers need up to about ${SHORTEST_STAY_SECONDS} s; write a preStop sleep of ${RECOMMENDED_STAY_SECONDS} s`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop'] };
        const { sleep, exec } = container.lifecycle.preStop;
        if (!sleep && !onlySleeps(exec?.command ?? [])) return [{ place, message }];
        return [{ place, message, patch: containerPatch(container, sleep ? SLEEP : sleepInstead()) }];
      }),
  },
  {
    id: 'prestop-exec-needs-missing-binary',
    title: 'a preStop command that the image does not have',
    severity: 'warning',
    cause: 'routing-lag',
    explanation:
      'An exec hook runs a program of the image. Distroless images and scratch have no shell and no sleep, so the hook fails. The kubelet records FailedPreStopHook and sends SIGTERM at once, as if there were no hook.',
    fix: SLEEP_FIX,
    evaluate: (workload, context) =>
      workload.containers.flatMap((candidate): Problem[] => {
        const { container, path } = candidate;
        const [program] = container.lifecycle?.preStop?.exec?.command ?? [];
        const image = imageOf(candidate, context);
        if (program === undefined || !usesShellOrSleep(program) || !BARE_IMAGE.test(image)) return [];
        const message = `${workload.name}: the preStop hook of container "${container.name}" runs ${program}, which the image ${image} lacks, so it fails and SIGTERM is sent immediately; write preStop: {sleep: {seconds: ${RECOMMENDED_STAY_SECONDS}}}`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop', 'exec'] };
        return [{ place, message, patch: containerPatch(container, sleepInstead()) }];
      }),
  },
  {
    id: 'prestop-exec-instead-of-sleep',
    title: 'a preStop command that only sleeps',
    severity: 'info',
    cause: 'routing-lag',
    explanation:
      'An exec hook needs a shell or sleep(1) in the image, and fails without it. The sleep action of the kubelet (on by default since Kubernetes 1.30, stable since 1.34) needs nothing from the image.',
    fix: SLEEP_FIX,
    evaluate: (workload, context) =>
      workload.containers.flatMap((candidate): Problem[] => {
        const { container, path } = candidate;
        const command = container.lifecycle?.preStop?.exec?.command ?? [];
        if (!onlySleeps(command) || BARE_IMAGE.test(imageOf(candidate, context))) return [];
        const seconds = stayOf(container, 0).preStopSeconds;
        // Another rule reports a sleep that is too short.
        if (seconds === undefined || seconds < SHORTEST_STAY_SECONDS) return [];
        const whole = Math.ceil(seconds);
        const message = `${workload.name}: the preStop hook of container "${container.name}" needs ${command[0]} in the image to sleep; write preStop: {sleep: {seconds: ${whole}}} (Kubernetes 1.30 or later)`;
        const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop', 'exec'] };
        return [{ place, message, patch: containerPatch(container, sleepInstead(whole)) }];
      }),
  },
];

/** Each serving container, how long it stays in service, and whether the manifest determines that (`known`). */
function stays({ containers }: Workload, { options }: Context) {
  return containers
    .filter(({ serves }) => serves)
    .map(({ container, path }) => {
      const stay = stayOf(container, options.drainDelaySeconds);
      return { container, path, known: stay.preStopSeconds !== undefined, seconds: stay.atLeastSeconds };
    });
}

function sleepInstead(seconds = RECOMMENDED_STAY_SECONDS): object {
  return { lifecycle: { preStop: { exec: null, sleep: { seconds } } } };
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
