/**
 * What the API server would refuse, in its own words, so that a manifest that passes here passes there.
 * The words were read off a server-side dry run against Kubernetes 1.34.
 */
import { InputError } from '../errors.ts';
import type { Container, Deployment, IntOrPercent, LifecycleHandler, Probe } from './objects.ts';

/** Kubernetes' name for one refused field. */
interface Refusal {
  field: string;
  reason: string;
}

/**
 * @param source where the Deployment came from, for the message
 * @throws InputError with the words of the API server
 */
export function admit({ deployment, source }: { deployment: Deployment; source: string }): void {
  const refusals = refusalsOf(deployment);
  if (refusals.length === 0) return;
  const list = refusals.map((r) => `${r.field}: ${r.reason}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  throw new InputError(`${source}: The Deployment "${deployment.metadata.name}" is invalid: ${text}`);
}

const invalid = (value: unknown, why: string) => `Invalid value: ${JSON.stringify(value)}: ${why}`;
const notNegative = 'must be greater than or equal to 0';

/** Every field of the Deployment that the API server would refuse, in the order of the document. */
export function refusalsOf(deployment: Deployment): Refusal[] {
  const { spec } = deployment;
  const refusals: Refusal[] = [];
  const refuse = (field: string, reason: string) => refusals.push({ field, reason });
  for (const field of ['replicas', 'minReadySeconds'] as const) {
    const value = spec[field];
    if (value !== undefined && value < 0) refuse(`spec.${field}`, invalid(value, notNegative));
  }
  const deadline = spec.progressDeadlineSeconds ?? 600;
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    refuse('spec.progressDeadlineSeconds', invalid(deadline, 'must be greater than minReadySeconds'));
  }
  const labels = spec.template.metadata?.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = spec.selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    refuse('spec.selector', invalid({}, 'empty selector is invalid for deployment'));
  }
  if (Object.entries(spec.selector.matchLabels ?? {}).some(([key, value]) => labels[key] !== value)) {
    refuse('spec.template.metadata.labels', invalid(labels, '`selector` does not match template `labels`'));
  }
  refuseStrategy(spec, refuse);
  const grace = spec.template.spec.terminationGracePeriodSeconds ?? 30;
  spec.template.spec.containers.forEach((container, index) => {
    refuseContainer(container, `spec.template.spec.containers[${index}]`, grace, refuse);
  });
  return refusals;
}

type Refuse = (field: string, reason: string) => void;

function refuseStrategy(spec: Deployment['spec'], refuse: Refuse): void {
  const strategy = spec.strategy;
  if (!strategy) return;
  const { type = 'RollingUpdate', rollingUpdate } = strategy;
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
  const { maxSurge = '25%', maxUnavailable = '25%' } = rollingUpdate ?? {};
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

function refuseContainer(container: Container, at: string, graceSeconds: number, refuse: Refuse): void {
  const preStop = container.lifecycle?.preStop;
  if (preStop) {
    refuseHandlerCount(preStop, ['exec', 'httpGet', 'tcpSocket', 'sleep'], `${at}.lifecycle.preStop`, refuse);
    const seconds = preStop.sleep?.seconds;
    if (seconds !== undefined && (seconds < 0 || seconds > graceSeconds)) {
      const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
      refuse(`${at}.lifecycle.preStop.sleep`, invalid(seconds, why));
    }
    refuseEmptyCommand(preStop, `${at}.lifecycle.preStop`, refuse);
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe) refuseProbe(probe, name, `${at}.${name}`, refuse);
  }
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
    if (value !== undefined && value < 0) refuse(`${at}.${field}`, invalid(value, notNegative));
  }
  const successes = probe.successThreshold ?? 1;
  if (name !== 'readinessProbe' && successes > 1) refuse(`${at}.successThreshold`, invalid(successes, 'must be 1'));
}

function refuseHandlerCount(handler: Record<string, unknown>, kinds: string[], at: string, refuse: Refuse): void {
  const given = kinds.filter((kind) => handler[kind] !== undefined);
  if (given.length === 0) refuse(at, 'Required value: must specify a handler type');
  for (const extra of given.slice(1)) refuse(`${at}.${extra}`, 'Forbidden: may not specify more than 1 handler type');
}

function refuseEmptyCommand(handler: Pick<LifecycleHandler, 'exec'>, at: string, refuse: Refuse): void {
  if (handler.exec && !handler.exec.command?.length) refuse(`${at}.exec.command`, 'Required value');
}
