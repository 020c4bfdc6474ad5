/** What keeps a new pod from starting while the old ones run, so that a rollout which starts it first hangs. */
import * as z from 'zod';
import { matchesSelector } from '../kubernetes-rules/selectors.ts';
import { Selector } from '../kubernetes-rules/written-objects.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import { POD, type Workload } from './workload.ts';

/** Whether the rollout waits for new pods before it deletes old ones. */
export function startsNewPodsFirst({ object, rollout }: Workload): boolean {
  if (rollout.type !== 'RollingUpdate') return false;
  const { value } = object;
  if (value.kind === 'DaemonSet') {
    const { maxSurge } = value.spec.updateStrategy?.rollingUpdate ?? {};
    return maxSurge !== undefined && Number.parseInt(String(maxSurge), 10) > 0;
  }
  return (rollout.maxSurge ?? 0) > 0 && rollout.maxUnavailable === 0;
}

export interface HostPorts {
  numbers: number[];
  path: FieldPath;
  /** The field that takes the ports from the node. */
  field: 'hostNetwork' | 'hostPort';
}

/** The ports of a node that each pod takes; undefined if there are none. With hostNetwork, every declared port. */
export function hostPortsOf({ object, containers }: Workload): HostPorts | undefined {
  const { hostNetwork } = object.value.spec.template.spec;
  const taken = containers.flatMap(({ container, path }) =>
    (container.ports ?? []).flatMap(({ containerPort, hostPort }, index) => {
      const number = hostNetwork ? containerPort : hostPort;
      return number ? [{ number, path: [...path, 'ports', index, 'hostPort'] }] : [];
    }),
  );
  const [first] = taken;
  if (!first) return undefined;
  const numbers = [...new Set(taken.map(({ number }) => number))];
  return { numbers, path: first.path, field: hostNetwork ? 'hostNetwork' : 'hostPort' };
}

const Affinity = z.looseObject({
  podAntiAffinity: z
    .looseObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .array(
          z.looseObject({
            topologyKey: z.string(),
            labelSelector: Selector.optional(),
            matchLabelKeys: z.array(z.string()).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

/** A rule that keeps the workload's pods apart, old and new ones alike. */
export interface Spread {
  path: FieldPath;
  /** For example `node`, for the topology key kubernetes.io/hostname. */
  domain: string;
}

const DOMAINS: Record<string, string> = {
  'kubernetes.io/hostname': 'node',
  'topology.kubernetes.io/zone': 'zone',
  'failure-domain.beta.kubernetes.io/zone': 'zone',
  'topology.kubernetes.io/region': 'region',
};

/** Required anti-affinity that matches the pods' own labels; not if it only counts pods of the same revision. */
export function spreadOf({ object }: Workload): Spread | undefined {
  const { metadata, spec } = object.value.spec.template;
  const { podAntiAffinity } = Affinity.safeParse(spec.affinity).data ?? {};
  const terms = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const index = terms.findIndex(
    ({ labelSelector, matchLabelKeys = [] }) =>
      labelSelector !== undefined &&
      !matchLabelKeys.includes('pod-template-hash') &&
      matchesSelector(labelSelector, metadata?.labels ?? {}),
  );
  const term = terms[index];
  if (!term) return undefined;
  const path = [...POD, 'affinity', 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', index];
  return { path, domain: DOMAINS[term.topologyKey] ?? `domain of ${term.topologyKey}` };
}

const Expressions = z.array(
  z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }),
);
const NearOthers = z.looseObject({
  podAffinity: z.looseObject({ requiredDuringSchedulingIgnoredDuringExecution: z.array(z.unknown()).min(1) }),
});

/** Whether the scheduler must put each pod where certain other pods are. */
export function isKeptNearOthers({ object }: Workload): boolean {
  return NearOthers.safeParse(object.value.spec.template.spec.affinity).success;
}

const NodeAffinity = z.looseObject({
  nodeAffinity: z.looseObject({
    requiredDuringSchedulingIgnoredDuringExecution: z.looseObject({
      nodeSelectorTerms: z.array(
        z.looseObject({ matchExpressions: Expressions.optional(), matchFields: Expressions.optional() }),
      ),
    }),
  }),
});

/** The field that puts all pods on one node, if there is one. */
export function oneNodeOf({ object }: Workload): FieldPath | undefined {
  const { nodeName, nodeSelector, affinity } = object.value.spec.template.spec;
  if (nodeName) return [...POD, 'nodeName'];
  const labels = z.record(z.string(), z.string()).safeParse(nodeSelector).data ?? {};
  if (labels['kubernetes.io/hostname'] !== undefined) return [...POD, 'nodeSelector', 'kubernetes.io/hostname'];
  const terms =
    NodeAffinity.safeParse(affinity).data?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
      .nodeSelectorTerms;
  if (terms?.length !== 1) return undefined;
  const { matchExpressions = [], matchFields = [] } = terms[0] ?? {};
  const namesOne = [...matchExpressions, ...matchFields].some(
    ({ key, operator, values = [] }) =>
      ['kubernetes.io/hostname', 'metadata.name'].includes(key) && operator === 'In' && values.length === 1,
  );
  return namesOne ? [...POD, 'affinity', 'nodeAffinity'] : undefined;
}

/**
 * Why new pods may be unable to start beside the old ones, in words; undefined if nothing shows that. A strategy that
 * starts them first is then no improvement.
 */
export function surgeObstacle(workload: Workload): string | undefined {
  const volume = workload.state.volumes.find(
    ({ access }) => access === 'node' || access === 'pod' || access === 'unknown',
  );
  if (volume) return volume.what;
  const ports = hostPortsOf(workload);
  if (ports) return `host port ${ports.numbers.join(' or ')}`;
  const spread = spreadOf(workload);
  return spread && `anti-affinity by ${spread.domain}`;
}
