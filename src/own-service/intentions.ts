/** What `run --on kubernetes` is about to do, for the user to confirm. */
import type { LiveService } from '../clusters/kubernetes/live-service.ts';
import type { LifecycleHandler } from '../kubernetes-rules/objects.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { type RequestMix, sessionScenarios, totalRate } from '../load/request-mix.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { shortCommand } from './server-name.ts';

/** What will be done to which workload, one line each. */
export function intentions(
  { api, reference, url, manifests, replicas, gateway }: LiveService,
  { requestMix, repeats, disruption }: { requestMix: RequestMix; repeats: number; disruption: PlannedDisruption },
): string[] {
  const { kind, name, namespace } = reference;
  const { type, maxSurge, maxUnavailable } = effectiveStrategy(manifests.workload, replicas);
  const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
  const { preStop, stopSignal } = containers[0].lifecycle ?? {};
  const strategy =
    kind === 'StatefulSet'
      ? `${maxUnavailable === 1 ? 'one pod' : `${maxUnavailable} pods`} at a time`
      : `${type}, maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`;
  const pods = kind === 'DaemonSet' ? ['pod', 'pods'] : ['replica', 'replicas'];
  const what = disruptionInWords(disruption, reference, repeats === 1 ? 'once' : `${repeats} times`);
  return [
    `context ${api.context}, namespace ${namespace}: ${kind} ${name} behind Service ${manifests.service.metadata.name}`,
    `  ${replicas} ${replicas === 1 ? pods[0] : pods[1]}; ${strategy}; grace period ${terminationGracePeriodSeconds} s; preStop: ${hookText(preStop)}; ${stopText(stopSignal)}`,
    `1. ${loadInWords(requestMix, url)} from this machine, at first without a disruption${gateway ? `; follows the log of ${gateway.writer.namespace}/${gateway.name}` : ''}`,
    `2. ${what}`,
    'Nothing else is changed.',
  ];
}

/** One sentence without a subject: "restarts the Deployment web once". Names what else it touches. */
function disruptionInWords(
  disruption: PlannedDisruption,
  { kind, name, namespace }: LiveService['reference'],
  times: string,
): string {
  const workload = `the ${kind} ${name}`;
  switch (disruption.kind) {
    case 'rollout':
      return `restarts ${workload} ${times}, as kubectl rollout restart does (a template annotation)`;
    case 'rollback':
      return `restarts ${workload}, waits, and rolls that back, ${times}, as kubectl rollout undo does`;
    case 'bad-version':
      return `gives the pods of ${workload} a readiness gate that nobody sets, waits for the progress deadline, and removes it, ${times}`;
    case 'scale-down':
      return `scales ${workload} down to ${disruption.replicas} ${times}, and back afterwards`;
    case 'drain':
      return `cordons node ${disruption.node} and evicts ALL pods on it, those of other workloads and namespaces too (as kubectl drain --ignore-daemonsets --delete-emptydir-data does), ${times}; uncordons it afterwards`;
    case 'evict':
      return `evicts one pod of ${workload} ${times}; PodDisruptionBudgets are honoured`;
    case 'delete-pod':
      return `deletes one pod of ${workload} ${times}`;
    case 'restart':
      return `kills one container of ${workload} with SIGKILL ${times}, from a privileged pod in ${namespace} that sees all processes of the node`;
    case 'command':
      return `runs ${times}: ${disruption.command}`;
  }
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
