/**
 * Rejects what the API server would reject, in the same words, so that a manifest that passes here passes there. The
 * API server applies its defaults before it validates, so the checks here expect an object with defaults. The messages
 * come from a server-side dry run against Kubernetes 1.34; those about selectors and stop signals come from the source
 * (ValidateLabelSelectorRequirement, KEP-4960).
 */
import { InputError } from '../errors.ts';
import type {
  Container,
  Deployment,
  IntOrPercent,
  LifecycleHandler,
  PodSpec,
  Probe,
  Selector,
  Workload,
} from './objects.ts';
import { matchesSelector } from './selectors.ts';
import { STOP_SIGNALS } from './stop-signal.ts';

/** One rejected field, by its path. */
export interface Refusal {
  field: string;
  reason: string;
}

/**
 * Checks a workload as the API server does.
 * @param source where the workload came from, for the message
 * @throws InputError with the API server's message
 */
export function admit({ workload, source }: { workload: Workload; source: string }): void {
  const refusals = refusalsOf(workload);
  if (refusals.length === 0) return;
  const list = refusals.map((r) => `${r.field}: ${r.reason}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  throw new InputError(`${source}: The ${workload.kind} "${workload.metadata.name}" is invalid: ${text}`);
}

const invalid = (value: unknown, why: string) => `Invalid value: ${JSON.stringify(value)}: ${why}`;
const notNegative = 'must be greater than or equal to 0';

/**
 * Every field that the API server would reject, in the order in which it checks them. For a StatefulSet or a DaemonSet
 * only the pod template is checked: their replicas, selector and strategy have different rules and messages.
 */
export function refusalsOf(workload: Workload): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (field: string, reason: string) => refusals.push({ field, reason });
  if (workload.kind === 'Deployment') refuseNumbers(workload.spec, refuse);
  const { selector, template } = workload.spec;
  if (workload.kind === 'Deployment') refuseSelector(selector, refuse);
  const labels = template.metadata?.labels ?? {};
  if (!matchesSelector(selector, labels)) {
    refuse('spec.template.metadata.labels', invalid(labels, '`selector` does not match template `labels`'));
  }
  if (workload.kind === 'Deployment') refuseStrategy(workload.spec, refuse);
  template.spec.containers.forEach((container, index) => {
    refuseContainer(container, `spec.template.spec.containers[${index}]`, template.spec, refuse);
  });
  return refusals;
}

function refuseNumbers(spec: Deployment['spec'], refuse: Refuse): void {
  for (const field of ['replicas', 'minReadySeconds', 'progressDeadlineSeconds'] as const) {
    if (spec[field] < 0) refuse(`spec.${field}`, invalid(spec[field], notNegative));
  }
  const { progressDeadlineSeconds, minReadySeconds } = spec;
  if (progressDeadlineSeconds <= minReadySeconds) {
    refuse('spec.progressDeadlineSeconds', invalid(progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  }
}

function refuseSelector({ matchLabels = {}, matchExpressions = [] }: Selector, refuse: Refuse): void {
  matchExpressions.forEach(({ operator, values = [] }, index) => {
    const at = `spec.selector.matchExpressions[${index}]`;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length > 0) return;
      refuse(`${at}.values`, "Required value: must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length === 0) return;
      refuse(`${at}.values`, "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else refuse(`${at}.operator`, invalid(operator, 'not a valid selector operator'));
  });
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    refuse('spec.selector', invalid({}, 'empty selector is invalid for deployment'));
  }
}

type Refuse = (field: string, reason: string) => void;

function refuseStrategy({ strategy: { type, rollingUpdate } }: Deployment['spec'], refuse: Refuse): void {
  if (type !== 'RollingUpdate' && type !== 'Recreate') {
    const value = JSON.stringify({ Type: type, RollingUpdate: rollingUpdate ?? null });
    refuse('spec.strategy', `Unsupported value: ${value}: supported values: "Recreate", "RollingUpdate"`);
    return;
  }
  if (type === 'Recreate') {
    if (rollingUpdate) {
      refuse('spec.strategy.rollingUpdate', "Forbidden: may not be specified when strategy `type` is 'Recreate'");
    }
    return;
  }
  if (!rollingUpdate) return;
  const { maxSurge, maxUnavailable } = rollingUpdate;
  const surgeProblem = limitProblem(maxSurge, false);
  const unavailableProblem = limitProblem(maxUnavailable, true);
  if (unavailableProblem)
    refuse('spec.strategy.rollingUpdate.maxUnavailable', invalid(maxUnavailable, unavailableProblem));
  if (surgeProblem) refuse('spec.strategy.rollingUpdate.maxSurge', invalid(maxSurge, surgeProblem));
  if (!surgeProblem && !unavailableProblem && isZero(maxSurge) && isZero(maxUnavailable)) {
    refuse('spec.strategy.rollingUpdate.maxUnavailable', invalid(maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
}

function limitProblem(value: IntOrPercent, atMostAll: boolean): string | undefined {
  if (typeof value === 'number') return value < 0 ? notNegative : undefined;
  if (!/^[0-9]+%$/.test(value)) {
    return "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  }
  return atMostAll && Number.parseInt(value, 10) > 100 ? 'must not be greater than 100%' : undefined;
}

function isZero(value: IntOrPercent): boolean {
  return Number.parseInt(String(value), 10) === 0;
}

function refuseContainer(container: Container, at: string, pod: PodSpec, refuse: Refuse): void {
  const graceSeconds = pod.terminationGracePeriodSeconds;
  const { preStop, stopSignal } = container.lifecycle ?? {};
  if (preStop) {
    refuseHandlerCount(preStop, ['exec', 'httpGet', 'tcpSocket', 'sleep'], `${at}.lifecycle.preStop`, refuse);
    const seconds = preStop.sleep?.seconds;
    if (seconds !== undefined && (seconds < 0 || seconds > graceSeconds)) {
      const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
      refuse(`${at}.lifecycle.preStop.sleep`, invalid(seconds, why));
    }
    refuseEmptyCommand(preStop, `${at}.lifecycle.preStop`, refuse);
  }
  if (stopSignal !== undefined) refuseStopSignal(stopSignal, `${at}.lifecycle.stopSignal`, pod.os?.name, refuse);
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe) refuseProbe(probe, name, `${at}.${name}`, refuse);
  }
}

function refuseStopSignal(signal: string, at: string, os: string | undefined, refuse: Refuse): void {
  if (os === undefined) refuse(at, 'Forbidden: may not be set for containers with empty `spec.os.name`');
  const supported = os !== undefined && Object.hasOwn(STOP_SIGNALS, os) ? STOP_SIGNALS[os] : undefined;
  if (!supported || supported.includes(signal)) return;
  const list = supported.map((name) => JSON.stringify(name)).join(', ');
  refuse(at, `Unsupported value: ${JSON.stringify(signal)}: supported values: ${list}`);
}

function refuseProbe(probe: Probe, name: string, at: string, refuse: Refuse): void {
  refuseHandlerCount(probe, ['exec', 'httpGet', 'tcpSocket', 'grpc'], at, refuse);
  refuseEmptyCommand(probe, at, refuse);
  const numbers = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  for (const field of numbers) {
    const value = probe[field];
    if (value < 0) refuse(`${at}.${field}`, invalid(value, notNegative));
  }
  if (name !== 'readinessProbe' && probe.successThreshold > 1) {
    refuse(`${at}.successThreshold`, invalid(probe.successThreshold, 'must be 1'));
  }
}

function refuseHandlerCount(handler: Record<string, unknown>, kinds: string[], at: string, refuse: Refuse): void {
  const given = kinds.filter((kind) => handler[kind] !== undefined);
  if (given.length === 0) refuse(at, 'Required value: must specify a handler type');
  for (const extra of given.slice(1)) refuse(`${at}.${extra}`, 'Forbidden: may not specify more than 1 handler type');
}

function refuseEmptyCommand(handler: Pick<LifecycleHandler, 'exec'>, at: string, refuse: Refuse): void {
  if (handler.exec && !handler.exec.command?.length) refuse(`${at}.exec.command`, 'Required value');
}
