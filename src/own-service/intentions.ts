/** What `run --on kubernetes` is about to do, for the user to agree to. */
import type { LiveService } from '../clusters/kubernetes/live-service.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { type RequestMix, totalRate } from '../load/request-mix.ts';

/** What will be done and to what, a line each. */
export function intentions(
  { api, reference, url, manifests }: LiveService,
  { requestMix, repeats, trigger }: { requestMix: RequestMix; repeats: number; trigger: string | undefined },
): string[] {
  const { kind, name, namespace } = reference;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(manifests.workload);
  const { containers, terminationGracePeriodSeconds } = manifests.workload.spec.template.spec;
  const { preStop } = containers[0].lifecycle ?? {};
  const hook = preStop?.sleep ? `a sleep of ${preStop.sleep.seconds} s` : preStop ? 'a hook' : 'none';
  const strategy =
    kind === 'StatefulSet'
      ? `${maxUnavailable === 1 ? 'one pod' : `${maxUnavailable} pods`} at a time`
      : `${type}, maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`;
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [
    `context ${api.context}, namespace ${namespace}: ${kind} ${name} behind Service ${manifests.service.metadata.name}`,
    `  ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}; ${strategy}; grace period ${terminationGracePeriodSeconds} s; preStop: ${hook}`,
    `1. sends ${totalRate(requestMix)} requests per second to ${url} from this machine, at first without a rollout`,
    trigger === undefined
      ? `2. restarts the ${kind} ${times}, as kubectl rollout restart does (a template annotation)`
      : `2. runs ${times}: ${trigger}`,
    'Nothing else is changed.',
  ];
}
