/** What `run --on kubernetes` is about to do, for the user to confirm. */
import type { LiveService } from '../clusters/kubernetes/live-service.ts';
import type { LifecycleHandler } from '../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { type RequestMix, sessionScenarios, totalRate } from '../load/request-mix.ts';
import { shortCommand } from './server-name.ts';

/** What will be done to which workload, one line each. */
export function intentions(
  { api, reference, url, manifests }: LiveService,
  { requestMix, repeats, trigger }: { requestMix: RequestMix; repeats: number; trigger: string | undefined },
): string[] {
  const { kind, name, namespace } = reference;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(manifests.workload);
  const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
  const { preStop, stopSignal } = containers[0].lifecycle ?? {};
  const strategy =
    kind === 'StatefulSet'
      ? `${maxUnavailable === 1 ? 'one pod' : `${maxUnavailable} pods`} at a time`
      : `${type}, maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`;
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [
    `context ${api.context}, namespace ${namespace}: ${kind} ${name} behind Service ${manifests.service.metadata.name}`,
    `  ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}; ${strategy}; grace period ${terminationGracePeriodSeconds} s; preStop: ${hookText(preStop)}; ${stopText(stopSignal)}`,
    `1. ${loadInWords(requestMix, url)} from this machine, at first without a rollout`,
    trigger === undefined
      ? `2. restarts the ${kind} ${times}, as kubectl rollout restart does (a template annotation)`
      : `2. runs ${times}: ${trigger}`,
    'Nothing else is changed.',
  ];
}

/** "sends 200 requests per second to URL, holds 100 WebSockets open at URL/ws" */
export function loadInWords(requestMix: RequestMix, url: string): string {
  const rate = totalRate(requestMix);
  const parts = [
    ...(rate > 0 ? [`sends ${rate} requests per second to ${url}`] : []),
    ...sessionScenarios(requestMix).map(
      ({ connections, connection, path }) =>
        `holds ${connections} ${connection === 'events' ? 'event stream' : 'WebSocket'}${connections === 1 ? '' : 's'} open at ${url.replace(/\/$/, '')}${path}`,
    ),
  ];
  return parts.join(', ');
}

/** A preStop hook in words, by its kind. */
export function hookText(hook: LifecycleHandler | undefined): string {
  const { sleep, exec, httpGet, tcpSocket } = hook ?? {};
  if (sleep) return `sleep ${sleep.seconds} s`;
  if (exec) return `exec ${shortCommand((exec.command ?? []).join(' '))}`;
  if (httpGet) {
    const { scheme = 'HTTP', host = '', port, path = '/' } = httpGet;
    return `httpGet ${scheme.toLowerCase()}://${host || 'POD'}:${port}${path.startsWith('/') ? '' : '/'}${path}`;
  }
  return tcpSocket === undefined ? 'none' : 'tcpSocket, which the kubelet does not support';
}

/** The container runtime honours the STOPSIGNAL of an image, which the API server does not know. */
function stopText(stopSignal: string | undefined): string {
  return stopSignal === undefined
    ? 'stop signal: SIGTERM, or the STOPSIGNAL of the image'
    : `stop signal: ${stopSignal}`;
}
