/** The grace period must cover the preStop hook, the drain delay and requests in flight. */
import type { CheckedContainer } from '../objects.ts';
import { podPatch } from '../patch.ts';
import { ON_A_CLUSTER, type Rule, type Severity } from '../rule.ts';
import {
  GRACE_MARGIN_SECONDS,
  isOwnImage,
  RECOMMENDED_STAY_SECONDS,
  SHORTEST_STAY_SECONDS,
  stayOf,
} from '../staying.ts';
import { type Context, POD, type WorkloadContainer } from '../workload.ts';

/** What the kubelet leaves a container after its hook, even if nothing is left. Source: killContainer, Kubernetes 1.34. */
const KUBELET_MINIMUM_SECONDS = 2;

export const GRACE_PERIOD_RULES: readonly Rule[] = [
  {
    id: 'grace-not-above-prestop-plus-drain',
    title: 'a grace period not above preStop + drain delay + the longest request',
    severity: 'error',
    judges: 'pods',
    cause: 'grace-too-short',
    explanation:
      'terminationGracePeriodSeconds (30 if absent) starts at the deletion, and the preStop hook counts towards it. The hook, the drain delay and the longest request must all fit, or SIGKILL cuts the requests in flight. A hook longer than the grace period never completes, and a grace period of 0 kills at once: errors. The API server refuses a preStop sleep above the grace period but accepts an equal one. The kubelet then still leaves 2 s between SIGTERM and SIGKILL, so an app that finishes within them breaks nothing, and what takes longer is cut: a warning. Use --longest-request to say how long requests take. Without it they count as 0 s.',
    measured: `${ON_A_CLUSTER} a grace period of 5 s with a preStop sleep of 5 s broke 45 requests on Node 26.10, 40 on Bun 1.4.4 and 44 on Deno 2.9.6, all of them slow requests. A grace period of 15 s broke none.`,
    fix: `kind: Deployment
spec:
  template:
    spec:
      # preStop 5 s + drain delay 2 s + the longest request 4 s + some to spare.
      terminationGracePeriodSeconds: 15`,
    evaluate(workload, context) {
      const { graceSeconds, name, object, containers } = workload;
      const needs = containers.filter(({ container }) => !isRefused(container, graceSeconds));
      const worst = needs.map((candidate) => need(candidate, context)).toSorted((a, b) => b.seconds - a.seconds)[0];
      if (!worst || graceSeconds > worst.seconds) return [];
      // Without a hook and without anybody's requests, nothing is lost.
      if (graceSeconds === 0 && worst.seconds === 0 && !worst.serves) return [];
      const enough = Math.ceil(worst.withHook) + GRACE_MARGIN_SECONDS;
      const written = object.value.spec.template.spec.terminationGracePeriodSeconds;
      const grace = `terminationGracePeriodSeconds ${graceSeconds}${written === undefined ? ' (the default)' : ''}`;
      // 0 forces the deletion: not even SIGTERM is sent.
      const than = graceSeconds === 0 ? '0: pods are killed immediately' : worst.terms;
      const severity = severityOf(graceSeconds, worst);
      const left = leftText(graceSeconds, worst);
      const unknown = context.options.longestRequestSeconds === 0;
      const room = unknown ? `, or more where requests take above ${GRACE_MARGIN_SECONDS} s` : '';
      const message = `${name}: ${grace} is not above ${than}${left}; write at least ${enough}${room}`;
      const place = { object, path: [...POD, 'terminationGracePeriodSeconds'] };
      return [{ place, message, severity, patch: podPatch({ terminationGracePeriodSeconds: enough }) }];
    },
  },
];

/** What happens at the end of the grace period. */
function leftText(graceSeconds: number, { hookSeconds }: Need): string {
  if (graceSeconds === 0) return '';
  if (hookSeconds > graceSeconds) {
    return `: the hook never ends by itself, and the app gets ${KUBELET_MINIMUM_SECONDS} s after it`;
  }
  const isLast = hookSeconds > 0 && graceSeconds - hookSeconds < KUBELET_MINIMUM_SECONDS;
  return isLast ? `: what takes longer than the kubelet's last ${KUBELET_MINIMUM_SECONDS} s is cut` : '';
}

interface Need {
  serves: boolean;
  /** This project's image, of which the manifest shows what it does. */
  isOwn: boolean;
  hookSeconds: number;
  /** What is known to be needed. */
  seconds: number;
  /** With the hook that another rule asks for. */
  withHook: number;
  /** For example `preStop 5 s + drain delay 2 s = 7 s`. */
  terms: string;
}

function need({ container, serves }: WorkloadContainer, { options }: Context): Need {
  const stay = stayOf(container, serves ? options.drainDelaySeconds : 0);
  const lacksHook = serves && !container.lifecycle?.preStop && stay.atLeastSeconds < SHORTEST_STAY_SECONDS;
  // The patch for a missing hook raises the grace period as well. The manifests of this project show both causes.
  const countsHook = lacksHook && isOwnImage(container.image);
  const terms = [
    countsHook
      ? { what: "the missing preStop hook's", seconds: RECOMMENDED_STAY_SECONDS }
      : { what: 'preStop', seconds: stay.preStopSeconds ?? 0 },
    { what: 'drain delay', seconds: stay.drainDelaySeconds },
    { what: 'the longest request', seconds: serves ? options.longestRequestSeconds : 0 },
  ].filter(({ seconds }) => seconds > 0);
  const seconds = terms.reduce((total, term) => total + term.seconds, 0);
  const text = terms.map((term) => `${term.what} ${term.seconds} s`).join(' + ');
  return {
    serves,
    isOwn: isOwnImage(container.image),
    hookSeconds: stay.preStopSeconds ?? 0,
    seconds,
    withHook: seconds + (lacksHook && !countsHook ? RECOMMENDED_STAY_SECONDS : 0),
    terms: terms.length > 1 ? `${text} = ${seconds} s` : text,
  };
}

/** What does not fit whatever the app does is an error: a hook that cannot end, and known times beyond the kubelet's last. */
function severityOf(graceSeconds: number, { serves, isOwn, hookSeconds, seconds }: Need): Severity {
  if (!serves) return 'warning';
  if (isOwn) return 'error';
  if (graceSeconds === 0 || hookSeconds > graceSeconds) return 'error';
  const afterHook = seconds - hookSeconds;
  return afterHook > Math.max(graceSeconds - hookSeconds, KUBELET_MINIMUM_SECONDS) ? 'error' : 'warning';
}

/**
 * Whether a sleep exceeds the grace period. The API server rejects that, and the rule for its rejections reports it.
 */
function isRefused({ lifecycle }: CheckedContainer, graceSeconds: number): boolean {
  return (lifecycle?.preStop?.sleep?.seconds ?? 0) > graceSeconds;
}
