import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CAUSE_IDS } from '../../src/analysis/causes.ts';
import type { Finding } from '../../src/check/finding.ts';
import { patchText } from '../../src/check/patch.ts';
import { RULES, withUniqueIds } from '../../src/check/registry.ts';
import type { Severity } from '../../src/check/rule.ts';
import { IDLE_TOPIC } from '../../src/report/idle-limits.ts';
import { APP, BUDGET, type Case, checked, goodText, manifestsOf, POD } from './checked.ts';
import { withPatch } from './patched.ts';

type Table = [what: string, given: Case][];
interface Cases {
  /** Each with the expected message, and the severity if it is not the rule's. */
  fails: [what: string, given: Case, message: RegExp, severity?: Severity][];
  passes: Table;
}

const HTTP = { httpGet: { path: '/', port: 8080 } };
const LIMITS = 'spec.strategy.rollingUpdate';
const PRE_STOP = `${APP}.lifecycle.preStop`;
const GRACE = `${POD}.terminationGracePeriodSeconds`;
const deployment = (changes: Record<string, unknown>): Case => ({ deployment: changes });
const command = (...words: string[]): Case => deployment({ [`${APP}.command`]: words });
const args = (...words: string[]): Case => deployment({ [`${APP}.args`]: words });
const dockerfile = (...lines: string[]): Case => ({ dockerfile: lines.join('\n') });
const exec = (...words: string[]) => ({ [PRE_STOP]: { exec: { command: words } } });
const autoscaler = (minReplicas?: number, maxReplicas = 10) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'shop' },
  spec: { minReplicas, maxReplicas, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } },
});
const withAutoscaler = (minReplicas: number | undefined, changes: Record<string, unknown>): Case => ({
  deployment: changes,
  more: [BUDGET, autoscaler(minReplicas)],
});
const budget = (spec: object): Case => ({ more: [{ ...BUDGET, spec: { ...spec, selector: BUDGET.spec.selector } }] });
const statefulSet = (changes: Record<string, unknown>) =>
  deployment({ kind: 'StatefulSet', 'spec.strategy': undefined, ...changes });
const daemonSet = (changes: Record<string, unknown>) =>
  deployment({ kind: 'DaemonSet', 'spec.strategy': undefined, 'spec.replicas': undefined, ...changes });
const ownImage = (changes: Record<string, unknown>) =>
  deployment({ [`${APP}.image`]: 'registry.example:5000/team/k8s-rollout-test-bun:1.0', ...changes });
const env = (...entries: [name: string, value: string][]) => ({
  [`${APP}.env`]: entries.map(([name, value]) => ({ name, value })),
});
const proxy = (more: object = {}) => ({ [`${POD}.containers[1]`]: { name: 'proxy', image: 'proxy:1', ...more } });
/** The Service sends to a native sidecar in front of the app. */
const servedBySidecar = (changes: Record<string, unknown>): Case => ({
  deployment: {
    [`${POD}.initContainers`]: [
      { name: 'mesh', image: 'mesh:1', restartPolicy: 'Always', ports: [{ name: 'in', containerPort: 15001 }] },
    ],
    ...changes,
  },
  service: { 'spec.ports[0].targetPort': 'in' },
});
/** A worker: no Service, no port and no probe, so nothing that receives requests. */
const worker = (changes: Record<string, unknown>): Case => ({
  deployment: { [`${APP}.ports`]: undefined, [`${APP}.readinessProbe`]: undefined, ...changes },
  service: { 'spec.selector.app': 'blog' },
});

/** Node's official image, whose sh is dash. */
const shell = (...words: string[]): Case => deployment({ [`${APP}.command`]: words, [`${APP}.image`]: 'node:24' });
const STOP_SIGNAL = `${APP}.lifecycle.stopSignal`;
const mounted = (volume: { name: string; [type: string]: unknown }) => ({
  [`${POD}.volumes`]: [volume],
  [`${APP}.volumeMounts`]: [{ name: volume.name, mountPath: '/data' }],
});
/** A Deployment that writes to a claim; with its access modes, if the claim is in the input. */
const ONE_DATABASE = { 'spec.replicas': 1, [`${APP}.image`]: 'postgres:16' };
/** Another workload with a claim. */
const otherUser = (kind: string, claimName = 'data', replicas = 1, podSpec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'worker' },
  spec: {
    ...(kind !== 'DaemonSet' && { replicas }),
    selector: { matchLabels: { app: 'worker' } },
    template: {
      metadata: { labels: { app: 'worker' } },
      spec: {
        containers: [{ name: 'worker', image: 'worker:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
        ...podSpec,
      },
    },
  },
});
const NEAR_WORKER = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'worker' } } },
    ],
  },
};
const persistentVolume = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'disk' },
  spec: { accessModes: ['ReadWriteOnce'], ...spec },
});
const held = (
  modes: string | string[] | undefined,
  changes: Record<string, unknown>,
  claim: object = {},
  ...more: object[]
): Case => ({
  deployment: { ...mounted({ name: 'data', persistentVolumeClaim: { claimName: 'data' } }), ...changes },
  more: [
    BUDGET,
    ...(modes
      ? [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            spec: { accessModes: [modes].flat(), ...claim },
          },
        ]
      : []),
    ...more,
  ],
});
const apart = (term: object) => ({
  [`${POD}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution`]: [
    { labelSelector: { matchLabels: { app: 'shop' } }, ...term },
  ],
});
const scaledObject = (spec: object) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'shop' },
  spec: { scaleTargetRef: { name: 'shop' }, ...spec },
});
const scaled = (spec: object): Case => ({
  deployment: { 'spec.replicas': undefined },
  more: [BUDGET, scaledObject(spec)],
});
const verticalAutoscaler = (updatePolicy?: object) => ({
  apiVersion: 'autoscaling.k8s.io/v1',
  kind: 'VerticalPodAutoscaler',
  metadata: { name: 'shop' },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
    ...(updatePolicy && { updatePolicy }),
  },
});
const service = (spec: object, name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
});
const annotated = (annotations: Record<string, string>): Case => ({ service: { 'metadata.annotations': annotations } });
const ALB = { 'kubernetes.io/ingress.class': 'alb', 'alb.ingress.kubernetes.io/target-type': 'ip' };
const NLB = {
  'service.beta.kubernetes.io/aws-load-balancer-type': 'external',
  'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip',
};
const ingress = (...annotations: Record<string, string>[]): Case => ({
  more: [
    BUDGET,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'shop', annotations: Object.assign({}, ...annotations) },
      spec: {
        rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'shop', port: { number: 80 } } } }] } }],
      },
    },
  ],
});
const gateway = (gatewayClassName: string): Case => ({
  more: [
    BUDGET,
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'shop' },
      spec: { parentRefs: [{ name: 'outside' }], rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'outside' },
      spec: { gatewayClassName },
    },
  ],
});

/** Behind a gateway: the container, and the Ingress or Gateway with what else is in the input. */
const behind = (front: Case, container: Record<string, unknown>, ...more: object[]): Case => ({
  deployment: Object.fromEntries(Object.entries(container).map(([field, value]) => [`${APP}.${field}`, value])),
  more: [...(front.more ?? []), ...more],
});
const classed = (ingressClassName: string, annotations: Record<string, string> = {}): Case => {
  const given = ingress(annotations);
  const [budget, { spec, ...rest }] = given.more as [object, { spec: object }];
  return { more: [budget, { ...rest, spec: { ...spec, ingressClassName } }] };
};
const ingressClass = (name: string, controller: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name },
  spec: { controller },
});
const gatewayClass = (name: string, controllerName: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name },
  spec: { controllerName },
});
/** A route of a kind of its own controller. */
const customRoute = (apiVersion: string, kind: string, spec: object): Case => ({
  more: [BUDGET, { apiVersion, kind, metadata: { name: 'shop' }, spec }],
});
const toShop = { routes: [{ services: [{ name: 'shop', port: 80 }] }] };
/** The same with a TLSRoute. */
const tlsRoute = ({ more = [] }: Case): Case => ({
  more: more.map((object) =>
    'kind' in object && object.kind === 'HTTPRoute' ? { ...object, kind: 'TLSRoute' } : object,
  ),
});
const ALB_ATTRIBUTES = 'alb.ingress.kubernetes.io/load-balancer-attributes';
const NODE = { command: ['node', 'server.js'] };

const TABLE: Record<string, Cases> = {
  'no-rolling-update-strategy': {
    fails: [
      ['Recreate', deployment({ 'spec.strategy': { type: 'Recreate' } }), /all 3 pods .* write type: RollingUpdate/],
      [
        'Recreate with one replica',
        deployment({ 'spec.strategy': { type: 'Recreate' }, 'spec.replicas': 1 }),
        /the only pod .* write type: RollingUpdate, maxSurge: 1, maxUnavailable: 0$/,
      ],
    ],
    passes: [
      ['a worker', worker({ 'spec.strategy': { type: 'Recreate' } })],
      ['pods that hold state', held('ReadWriteMany', { 'spec.strategy': { type: 'Recreate' } })],
      ['RollingUpdate', {}],
      ['no strategy', deployment({ 'spec.strategy': undefined })],
      ['Recreate with no replicas', deployment({ 'spec.strategy': { type: 'Recreate' }, 'spec.replicas': 0 })],
      ['a StatefulSet with OnDelete', statefulSet({ 'spec.updateStrategy': { type: 'OnDelete' } })],
    ],
  },
  'rollout-takes-all': {
    fails: [
      ['100%', deployment({ [`${LIMITS}.maxUnavailable`]: '100%' }), /maxUnavailable 100% of 3 is 3: all 3 pods/],
      ['as many as replicas', deployment({ [`${LIMITS}.maxUnavailable`]: 3 }), /maxUnavailable 3 of 3/],
      [
        'one replica replaced in place',
        deployment({ 'spec.replicas': 1, [LIMITS]: { maxSurge: 0 } }),
        /maxSurge 0 leaves 1 of 1 to be unavailable: the only pod .* write maxSurge: 1, maxUnavailable: 0$/,
      ],
      [
        "as many as the autoscaler's minimum",
        withAutoscaler(2, { 'spec.replicas': undefined, [`${LIMITS}.maxUnavailable`]: 2 }),
        /maxUnavailable 2 of 2 \(minReplicas\): all 2 pods/,
      ],
      [
        'a StatefulSet replaced at once',
        statefulSet({ 'spec.updateStrategy.rollingUpdate.maxUnavailable': 3 }),
        /all 3 pods may be deleted .* write maxUnavailable: 1$/,
      ],
      [
        'a DaemonSet replaced at once',
        daemonSet({ 'spec.updateStrategy.rollingUpdate.maxUnavailable': '100%' }),
        /the pods of all nodes/,
      ],
      [
        'one replica with a host port, which cannot be surged',
        deployment({ 'spec.replicas': 1, [LIMITS]: { maxSurge: 0 }, [`${APP}.ports[0].hostPort`]: 80 }),
        /host port 80 keeps a new pod from starting beside the old one$/,
        'info',
      ],
    ],
    passes: [
      ['99% of 3, which rounds down to 2', deployment({ [`${LIMITS}.maxUnavailable`]: '99%' })],
      ['the defaults with one replica', deployment({ 'spec.replicas': 1, 'spec.strategy': undefined })],
      ['a StatefulSet updated one by one', statefulSet({})],
      ['a DaemonSet updated node by node', daemonSet({})],
      ['no pods', deployment({ 'spec.replicas': 0, [`${LIMITS}.maxUnavailable`]: '100%' })],
      ['a worker', worker({ [`${LIMITS}.maxUnavailable`]: 3 })],
    ],
  },
  'host-port-blocks-surge': {
    fails: [
      ['a hostPort', deployment({ [`${APP}.ports[0].hostPort`]: 80 }), /host port 80 .* remove hostPort/],
      ['the host network', deployment({ [`${POD}.hostNetwork`]: true }), /host port 8080 .* remove hostNetwork/],
      [
        'a hostPort on one node',
        deployment({ [`${APP}.ports[0].hostPort`]: 80, [`${POD}.nodeName`]: 'a' }),
        /on one node: the new pod waits for the old one's port, so the rollout hangs/,
        'error',
      ],
      [
        'a DaemonSet with maxSurge',
        daemonSet({
          [`${APP}.ports[0].hostPort`]: 80,
          'spec.updateStrategy.rollingUpdate': { maxSurge: 1, maxUnavailable: 0 },
        }),
        /with maxSurge: the new pod waits on the old pod's node/,
        'error',
      ],
    ],
    passes: [
      ['a DaemonSet without maxSurge', daemonSet({ [`${APP}.ports[0].hostPort`]: 80 })],
      ['no host port', {}],
      ['one pod may be unavailable', deployment({ [`${APP}.ports[0].hostPort`]: 80, [`${LIMITS}.maxUnavailable`]: 1 })],
    ],
  },
  'surge-cannot-attach-volume': {
    fails: [
      [
        'ReadWriteOnce',
        held('ReadWriteOnce', { 'spec.replicas': 1 }),
        /claim "data" is ReadWriteOnce, and maxUnavailable is 0: a new pod on another node cannot attach/,
      ],
      [
        'a database',
        held('ReadWriteOnce', ONE_DATABASE),
        /so the rollout hangs, and one on the same node writes to the same files; write .* outage in each update$/,
      ],
      [
        'ReadWriteOncePod',
        held('ReadWriteOncePod', { 'spec.replicas': 1 }),
        /claim "data" is ReadWriteOncePod, and maxUnavailable is 0: a new pod cannot attach/,
        'error',
      ],
      [
        'ReadWriteOncePod on one node',
        held('ReadWriteOncePod', { 'spec.replicas': 1, [`${POD}.nodeName`]: 'a' }),
        /a new pod cannot attach/,
        'error',
      ],
      ['several replicas', held('ReadWriteOnce', {}), /3 replicas share claim "data", which is ReadWriteOnce: pods on/],
      [
        'an autoscaler that adds replicas',
        held('ReadWriteOnce', { 'spec.replicas': undefined }, {}, autoscaler(1)),
        /up to 10 replicas share claim "data", which is ReadWriteOnce: pods on other nodes cannot start/,
      ],
      [
        'several replicas, of which one may be unavailable',
        held('ReadWriteOnce', { [`${LIMITS}.maxUnavailable`]: 1 }),
        /pods on other nodes cannot start/,
      ],
      [
        'a claim that is not in the input',
        held(undefined, { 'spec.replicas': 1 }),
        /claim "data" is not in this input: if it is ReadWriteOnce/,
        'info',
      ],
      [
        'a disk',
        deployment({
          'spec.replicas': 1,
          ...mounted({ name: 'data', gcePersistentDisk: { pdName: 'a' } }),
        }),
        /the disk "data" is ReadWriteOnce/,
      ],
    ],
    passes: [
      ['ReadWriteMany', held('ReadWriteMany', {})],
      ['ReadWriteMany or ReadWriteOnce', held(['ReadWriteOnce', 'ReadWriteMany'], { 'spec.replicas': 1 })],
      ['Recreate', held('ReadWriteOnce', { 'spec.replicas': 1, 'spec.strategy': { type: 'Recreate' } })],
      [
        'replaced in place',
        held('ReadWriteOnce', { 'spec.replicas': 1, [LIMITS]: { maxSurge: 0, maxUnavailable: 1 } }),
      ],
      ['on one node', held('ReadWriteOnce', { [`${POD}.nodeSelector`]: { 'kubernetes.io/hostname': 'a' } })],
      [
        'an ephemeral volume',
        deployment(
          mounted({ name: 'data', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }),
        ),
      ],
      ['an emptyDir', deployment(mounted({ name: 'data', emptyDir: {} }))],
      ['a disk of one node', held('ReadWriteOnce', { 'spec.replicas': 1 }, { storageClassName: 'local-path' })],
      ['a network file system', held('ReadWriteOnce', { 'spec.replicas': 1 }, { storageClassName: 'synology-nfs' })],
      ['a volume that is only read', held('ReadWriteOnce', { [`${APP}.volumeMounts[0].readOnly`]: true })],
    ],
  },
  'claim-of-several-workloads': {
    fails: [
      [
        'another Deployment',
        held('ReadWriteOnce', { 'spec.replicas': 1 }, {}, otherUser('Deployment')),
        /claim "data" is ReadWriteOnce, and Deployment "worker" has it too: a new pod on another node cannot attach it while pods of the other run/,
      ],
      [
        'Recreate',
        held(
          'ReadWriteOnce',
          { 'spec.replicas': 1, 'spec.strategy': { type: 'Recreate' } },
          {},
          otherUser('StatefulSet'),
          otherUser('DaemonSet'),
        ),
        /StatefulSet "worker" and 1 more have it too/,
      ],
      [
        'ReadWriteOncePod',
        held('ReadWriteOncePod', { 'spec.replicas': 1 }, {}, otherUser('Deployment')),
        /only one pod of them can start/,
      ],
    ],
    passes: [
      ['one workload', held('ReadWriteOnce', { 'spec.replicas': 1 })],
      ['ReadWriteMany', held('ReadWriteMany', { 'spec.replicas': 1 }, {}, otherUser('Deployment'))],
      ['another claim', held('ReadWriteOnce', { 'spec.replicas': 1 }, {}, otherUser('Deployment', 'files'))],
      [
        'a workload that is switched off',
        held('ReadWriteOnce', { 'spec.replicas': 1 }, {}, otherUser('Deployment', 'data', 0)),
      ],
      [
        'one node for both',
        held(
          'ReadWriteOnce',
          { 'spec.replicas': 1, [`${POD}.nodeName`]: 'a' },
          {},
          otherUser('Deployment', 'data', 1, { nodeName: 'a' }),
        ),
      ],
      [
        'required affinity',
        held(
          'ReadWriteOnce',
          { 'spec.replicas': 1, [`${POD}.affinity`]: NEAR_WORKER },
          {},
          otherUser('Deployment', 'data', 1, { affinity: NEAR_WORKER }),
        ),
      ],
    ],
  },
  'surge-shares-volume': {
    fails: [
      [
        'a database on a disk of one node',
        held('ReadWriteOnce', { ...ONE_DATABASE }, { storageClassName: 'local-path' }),
        /both may write to claim "data" \(storage class "local-path" keeps it and its pods on one node\); write strategy: \{type: Recreate\}, which is an outage in each update$/,
      ],
      ['a database on a volume of many pods', held('ReadWriteMany', ONE_DATABASE), /both may write to claim "data"; /],
      [
        "a database in a node's folder",
        deployment({ ...mounted({ name: 'data', hostPath: { path: '/srv/data' } }), ...ONE_DATABASE }),
        /both may write to the node's folder \/srv\/data; /,
      ],
      [
        'an app on a network file system',
        held('ReadWriteOnce', { 'spec.replicas': 1 }, { storageClassName: 'synology-nfs-storage' }),
        /\(storage class "synology-nfs-storage" is a network file system\); .* in each update, unless the app is made for it$/,
        'info',
      ],
      [
        'an app on a PersistentVolume of its storage class',
        held(
          'ReadWriteOnce',
          { 'spec.replicas': 1 },
          { storageClassName: 'manual' },
          persistentVolume({ storageClassName: 'manual', hostPath: { path: '/data' } }),
        ),
        /\(PersistentVolume "disk" is a folder of a node\)/,
        'info',
      ],
      [
        'an app on a PersistentVolume that the claim names',
        held(
          'ReadWriteOnce',
          { 'spec.replicas': 1 },
          { volumeName: 'disk' },
          persistentVolume({ nfs: { server: 'a' } }),
        ),
        /\(PersistentVolume "disk" is a network file system\)/,
        'info',
      ],
    ],
    passes: [
      ['an app on a volume of many pods', held('ReadWriteMany', { 'spec.replicas': 1 })],
      ['a disk that attaches to one node', held('ReadWriteOnce', ONE_DATABASE)],
      ['a storage class that only sounds like it', held('ReadWriteOnce', ONE_DATABASE, { storageClassName: 'infs' })],
      [
        'a PersistentVolume of another storage class',
        held(
          'ReadWriteOnce',
          ONE_DATABASE,
          { storageClassName: 'fast' },
          persistentVolume({ storageClassName: 'manual', hostPath: { path: '/data' } }),
        ),
      ],
      [
        'Recreate',
        held(
          'ReadWriteOnce',
          { ...ONE_DATABASE, 'spec.strategy': { type: 'Recreate' } },
          { storageClassName: 'local-path' },
        ),
      ],
      [
        'replaced in place',
        held(
          'ReadWriteOnce',
          { ...ONE_DATABASE, [LIMITS]: { maxSurge: 0, maxUnavailable: 1 } },
          { storageClassName: 'local-path' },
        ),
      ],
    ],
  },
  'spread-without-room': {
    fails: [
      [
        'by hostname',
        deployment(apart({ topologyKey: 'kubernetes.io/hostname' })),
        /required anti-affinity by node with maxUnavailable 0: a rollout needs more nodes than the 3 with old pods/,
      ],
      ['by zone', deployment(apart({ topologyKey: 'topology.kubernetes.io/zone' })), /needs more zones/],
      [
        'the default limits',
        deployment({ ...apart({ topologyKey: 'kubernetes.io/hostname' }), 'spec.strategy': undefined }),
        /needs more nodes/,
      ],
      [
        'on one node',
        deployment({ ...apart({ topologyKey: 'kubernetes.io/hostname' }), [`${POD}.nodeName`]: 'a' }),
        /on one node: the new pod can never start/,
        'error',
      ],
    ],
    passes: [
      [
        'one may be unavailable',
        deployment({ ...apart({ topologyKey: 'kubernetes.io/hostname' }), [`${LIMITS}.maxUnavailable`]: 1 }),
      ],
      [
        'other pods',
        deployment(apart({ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'blog' } } })),
      ],
      [
        'pods of the same revision',
        deployment(apart({ topologyKey: 'kubernetes.io/hostname', matchLabelKeys: ['pod-template-hash'] })),
      ],
      [
        'only preferred',
        deployment({
          [`${POD}.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution`]: [
            { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } },
          ],
        }),
      ],
      ['a StatefulSet', statefulSet(apart({ topologyKey: 'kubernetes.io/hostname' }))],
    ],
  },
  'surge-on-one-node': {
    fails: [
      ['nodeName', deployment({ [`${POD}.nodeName`]: 'a' }), /that node needs room for one pod more/],
      ['a selector', deployment({ [`${POD}.nodeSelector`]: { 'kubernetes.io/hostname': 'a' } }), /room for one pod/],
      [
        'an affinity',
        deployment({
          [`${POD}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`]: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }] },
          ],
        }),
        /room for one pod/,
      ],
    ],
    passes: [
      ['any node', {}],
      ['a label of several', deployment({ [`${POD}.nodeSelector`]: { disk: 'ssd' } })],
      ['one may be unavailable', deployment({ [`${POD}.nodeName`]: 'a', [`${LIMITS}.maxUnavailable`]: 1 })],
    ],
  },
  'state-in-one-pod': {
    fails: [
      [
        'a StatefulSet with a claim template',
        statefulSet({ 'spec.replicas': 1, 'spec.volumeClaimTemplates': [{ metadata: { name: 'data' }, spec: {} }] }),
        /^StatefulSet "shop": it holds state \(a claim template\): each update is an outage .* by design$/,
      ],
      [
        'Recreate with a claim',
        held('ReadWriteOnce', { 'spec.replicas': 1, 'spec.strategy': { type: 'Recreate' } }),
        /holds state \(claim "data"\): each update is an outage/,
      ],
      [
        'a database without a volume',
        statefulSet({ 'spec.replicas': 1, [`${APP}.image`]: 'postgres:16' }),
        /\(it runs postgres\), outside any volume: each update loses it and is an outage from the end of the old pod .* by design$/,
      ],
      [
        'the image of a database, surged',
        deployment({ 'spec.replicas': 1, [`${APP}.image`]: 'registry.example/library/redis:7-alpine' }),
        /holds state \(it runs redis\) in one pod, outside any volume: an update starts a second pod without it, and deletes/,
      ],
    ],
    passes: [
      ['several replicas', deployment({ [`${APP}.image`]: 'postgres:16' })],
      ['no state', deployment({ 'spec.replicas': 1 })],
      ['a client of a database', deployment({ 'spec.replicas': 1, [`${APP}.image`]: 'oliver006/redis_exporter:1' })],
      ['no Service selects it', worker({ 'spec.replicas': 1, [`${APP}.image`]: 'postgres:16' })],
    ],
  },
  'min-ready-seconds-zero': {
    fails: [
      ['0', deployment({ 'spec.minReadySeconds': 0 }), /write minReadySeconds: 5/],
      ['absent', deployment({ 'spec.minReadySeconds': undefined }), /minReadySeconds 0/],
    ],
    passes: [
      ['5', {}],
      ['no replicas', deployment({ 'spec.minReadySeconds': 0, 'spec.replicas': 0 })],
      ['a worker', worker({ 'spec.minReadySeconds': 0 })],
      ['a StatefulSet of one pod', statefulSet({ 'spec.minReadySeconds': 0, 'spec.replicas': 1 })],
    ],
  },
  'deployment-replicas': {
    fails: [
      [
        '1',
        deployment({ 'spec.replicas': 1 }),
        /1 replica: while .* write replicas: 3, if several copies of the app can run side by side$/,
      ],
      ['absent', deployment({ 'spec.replicas': undefined }), /1 replica/],
    ],
    passes: [
      ['2', deployment({ 'spec.replicas': 2 })],
      ['0', deployment({ 'spec.replicas': 0 })],
      ['a host port', deployment({ 'spec.replicas': 1, [`${APP}.ports[0].hostPort`]: 80 })],
      ['with an autoscaler', withAutoscaler(1, { 'spec.replicas': undefined })],
      ['a worker', worker({ 'spec.replicas': 1 })],
    ],
  },
  'horizontalpodautoscaler-replicas': {
    fails: [
      ['minReplicas 1', withAutoscaler(1, { 'spec.replicas': undefined }), /minReplicas 1: Deployment "shop"/],
      ['no minReplicas', withAutoscaler(undefined, { 'spec.replicas': undefined }), /write minReplicas: 3$/],
      [
        "KEDA's ScaledObject, down to 0 by default",
        scaled({}),
        /^ScaledObject "shop": minReplicaCount 0: Deployment "shop" may run with no pod at all/,
        'warning',
      ],
      [
        'a ScaledObject that idles',
        scaled({ minReplicaCount: 2, idleReplicaCount: 0 }),
        /idleReplicaCount 0/,
        'warning',
      ],
      [
        'a maximum of 2',
        { deployment: { 'spec.replicas': undefined }, more: [BUDGET, autoscaler(1, 2)] },
        /single pod and no spare; write minReplicas: 2$/,
      ],
      ['a ScaledObject down to 1', scaled({ minReplicaCount: 1 }), /minReplicaCount 1: .* single pod/],
    ],
    passes: [
      ['a ScaledObject down to 2', scaled({ minReplicaCount: 2 })],
      ['a worker', { ...worker({}), more: [autoscaler(1)] }],
      ['minReplicas 2', withAutoscaler(2, { 'spec.replicas': undefined })],
      ['for another Deployment', { deployment: { 'metadata.name': 'blog' }, more: [BUDGET, autoscaler(1)] }],
    ],
  },
  'hpa-overrides-replicas': {
    fails: [
      [
        'replicas beside it',
        withAutoscaler(3, {}),
        /each apply scales back to 3; remove spec\.replicas, from kubectl's record first/,
      ],
      [
        'replicas beside a ScaledObject',
        { more: [BUDGET, scaledObject({ minReplicaCount: 2 })] },
        /replicas 3 together with ScaledObject "shop"/,
      ],
    ],
    passes: [
      ['no replicas', withAutoscaler(3, { 'spec.replicas': undefined })],
      ['no autoscaler', {}],
    ],
  },
  'statefulset-one-replica': {
    fails: [['1', statefulSet({ 'spec.replicas': 1 }), /deletes the only pod before it starts the next one/]],
    passes: [
      ['2', statefulSet({ 'spec.replicas': 2 })],
      ['a database', statefulSet({ 'spec.replicas': 1, [`${APP}.image`]: 'postgres:16' })],
      ['a worker', worker({ kind: 'StatefulSet', 'spec.strategy': undefined, 'spec.replicas': 1 })],
      ['OnDelete', statefulSet({ 'spec.replicas': 1, 'spec.updateStrategy.type': 'OnDelete' })],
      ['a Deployment', deployment({ 'spec.replicas': 1 })],
    ],
  },
  'vpa-evicts-pods': {
    fails: [
      ['the default mode', { more: [verticalAutoscaler()] }, /updateMode Auto evicts pods of Deployment "shop"/],
      ['Recreate', { more: [verticalAutoscaler({ updateMode: 'Recreate' })] }, /updateMode Recreate evicts/],
      [
        'the only pod',
        { ...deployment({ 'spec.replicas': 1 }), more: [BUDGET, verticalAutoscaler({ minReplicas: 1 })] },
        /the only one as well \(minReplicas 1\), which is an outage/,
        'warning',
      ],
    ],
    passes: [
      ['a budget that limits it', { more: [BUDGET, verticalAutoscaler()] }],
      ['Off', { more: [BUDGET, verticalAutoscaler({ updateMode: 'Off' })] }],
      ['Initial', { more: [BUDGET, verticalAutoscaler({ updateMode: 'Initial' })] }],
      [
        'one pod, which it leaves alone',
        { ...deployment({ 'spec.replicas': 1 }), more: [BUDGET, verticalAutoscaler()] },
      ],
    ],
  },
  'shutdown-disabled': {
    fails: [
      ['none', ownImage(env(['SHUTDOWN', 'none'])), /SHUTDOWN=none: SIGTERM is not handled/],
      ['exit', ownImage(env(['SHUTDOWN', 'exit'])), /SHUTDOWN=exit: SIGTERM ends the app immediately/],
      ['absent, which is none', ownImage({}), /SHUTDOWN=none/],
      ['the last of two', ownImage(env(['SHUTDOWN', 'drain'], ['SHUTDOWN', 'none'])), /SHUTDOWN=none/],
    ],
    passes: [
      ['drain', ownImage(env(['SHUTDOWN', 'drain']))],
      ['close', ownImage(env(['SHUTDOWN', 'close']))],
      ["another image's variable", deployment(env(['SHUTDOWN', 'none']))],
      ['a command of its own', ownImage({ [`${APP}.command`]: ['node', 'other.js'] })],
      ['whatever a ConfigMap says', ownImage({ [`${APP}.envFrom`]: [{ configMapRef: { name: 'c' } }] })],
      [
        'whatever the key of a ConfigMap says',
        ownImage({
          [`${APP}.env`]: [{ name: 'SHUTDOWN', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
        }),
      ],
      [
        'an image with a longer name',
        deployment({ [`${APP}.image`]: 'k8s-rollout-test-node-exporter:1', ...env(['SHUTDOWN', 'none']) }),
      ],
    ],
  },
  'shell-pid1': {
    fails: [
      ['sh -c', shell('sh', '-c', 'node server.js'), /write "exec node server\.js", or start the app without/],
      ['with a path and options', shell('/bin/sh', '-ec', 'node server.js'), /sh -c "node server\.js" keeps/],
      ['steps before the app', shell('sh', '-c', 'cd /app && node server.js'), /write exec before the app, as the/],
      [
        'the sh of an image that nobody knows',
        command('sh', '-c', 'node server.js'),
        /\(unless the image's sh is bash or BusyBox, which may replace itself\)/,
        'warning',
      ],
      ['a pipe, in bash', command('bash', '-c', 'node server.js | tee log'), /bash -c "node server\.js \| tee log"/],
      ['npm behind the shell', shell('sh', '-c', 'npm start'), /start the app itself, as in \[node, server\.js\]$/],
      [
        'behind tini',
        shell('tini', '--', 'sh', '-c', 'node a.js'),
        /behind tini ends at SIGTERM, and the container with/,
      ],
      ['behind dumb-init', shell('dumb-init', 'sh', '-c', 'node a.js'), /behind dumb-init ends at SIGTERM/],
      ['in args', args('bash', '-c', 'node server.js >log'), /keeps the shell/],
      [
        'of a worker',
        worker({ [`${APP}.command`]: ['bash', '-c', 'node worker.js | tee log'] }),
        /keeps the shell/,
        'info',
      ],
      ['CMD in shell form', dockerfile('FROM node:24', 'CMD node server.js'), /^CMD: sh -c "node server\.js"/],
      ['ENTRYPOINT in shell form', dockerfile('FROM node:24', 'ENTRYPOINT node a.js', 'CMD ["b"]'), /^ENTRYPOINT: /],
      ['a malformed array', dockerfile('FROM node:24', "CMD ['node', 'a.js']"), /^CMD: /],
    ],
    passes: [
      ['a loop that serves nothing', worker({ [`${APP}.command`]: ['bash', '-c', 'while true; do date; done'] })],
      ['exec', command('sh', '-c', 'exec node server.js')],
      ['exec in every branch', shell('sh', '-c', 'if a; then exec node a.js; else exec node b.js; fi')],
      [
        "the bash that is sh in Red Hat's images",
        deployment({ [`${APP}.command`]: ['sh', '-c', 'node a.js'], [`${APP}.image`]: 'ubi9/nodejs:1' }),
      ],
      ['exec after other steps', command('sh', '-c', 'set -e\ncd /app\nexec node server.js')],
      ['bash, which execs the last command', command('bash', '-c', 'cd /app && node server.js')],
      ['a script with traps', command('sh', '-c', 'trap "kill $p" TERM; node server.js & p=$!; wait')],
      ['no shell', command('node', 'server.js')],
      ['CMD in exec form', dockerfile('FROM node:24', 'CMD ["node", "server.js"]')],
      ['CMD in shell form with exec', dockerfile('FROM node:24', 'CMD exec node server.js')],
      ["Alpine's shell, which execs the last command", dockerfile('FROM node:24-alpine', 'CMD node server.js')],
      ['a stage that is not the last', dockerfile('FROM node:24 AS build', 'CMD npm start', 'FROM node:24')],
    ],
  },
  'npm-as-pid1': {
    fails: [
      ['npm', command('npm', 'start'), /"npm start" makes npm PID 1/, 'warning'],
      ['npm in args', args('npm', 'run', 'start'), /"npm run start"/, 'warning'],
      ['npx', command('/usr/local/bin/npx', 'serve'), /"npx serve" makes npm PID 1/, 'warning'],
      ['node --run', command('node', '--run', 'start'), /makes node --run PID 1/],
      ['exec npm', command('sh', '-c', 'exec npm start'), /npm start/, 'warning'],
      ['behind env and tini', command('tini', '--', 'env', 'A=b', 'npm', 'start'), /npm start/, 'warning'],
      [
        'behind dumb-init',
        command('dumb-init', '--', 'npm', 'start'),
        /"npm start" behind dumb-init: npm ends soon/,
        'warning',
      ],
      ['behind dumb-init -c', command('dumb-init', '-c', 'npm', 'start'), /behind dumb-init/, 'warning'],
      [
        'behind dumb-init with a rewrite',
        command('dumb-init', '-r', '15:3', 'npm', 'start'),
        /behind dumb-init/,
        'warning',
      ],
      ['behind tini -g', command('/sbin/tini', '-g', '--', 'npm', 'start'), /behind tini/, 'warning'],
      ['behind an option with a value', command('tini', '-p', 'SIGINT', 'npm', 'start'), /behind tini/, 'warning'],
      ['behind nice', command('nice', '-n', '5', 'npm', 'start'), /npm start/, 'warning'],
      ['behind s6-setuidgid', command('s6-setuidgid', 'node', 'npm', 'start'), /npm start/, 'warning'],
      ['node --run behind tini', command('tini', '--', 'node', '--run', 'start'), /node --run ends at SIGTERM/],
      ['of a worker', worker({ [`${APP}.command`]: ['npm', 'run', 'worker'] }), /npm run worker/, 'warning'],
      ['CMD', dockerfile('FROM node:24', 'CMD ["npm", "start"]'), /^CMD: "npm start"/],
      ['ENTRYPOINT and CMD', dockerfile('FROM node:24', 'ENTRYPOINT ["npm"]', 'CMD ["start"]'), /^ENTRYPOINT: "npm"/],
      [
        "Alpine's shell",
        dockerfile('FROM node:24-alpine', 'CMD npm start'),
        /^CMD: "npm start" makes npm PID 1, .* \(unless the script is a single command, by which the image's BusyBox replaces itself\); start/,
        'warning',
      ],
      [
        'an image whose shell nobody knows',
        command('npm', 'start'),
        /\(unless the image's sh is bash or BusyBox, and the script is a single command\)/,
        'warning',
      ],
      [
        "Debian's shell",
        deployment({ [`${APP}.image`]: 'node:24-slim', [`${APP}.command`]: ['npm', 'start'] }),
        /"npm start" makes npm PID 1, which ends half a second after SIGTERM and cuts what the app is doing; start/,
        'error',
      ],
      [
        'the arguments of a start script',
        dockerfile('FROM node:24', 'ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["npm", "start"]'),
        /^CMD: "npm start" .* \(if docker-entrypoint\.sh runs its arguments with exec\)$/,
        'warning',
      ],
      [
        'ENTRYPOINT dumb-init and CMD',
        dockerfile('FROM node:24', 'ENTRYPOINT ["dumb-init", "--"]', 'CMD ["npm", "start"]'),
        /^CMD: "npm start" behind dumb-init/,
      ],
    ],
    passes: [
      ['node', command('node', 'server.js')],
      ['bun run', command('bun', 'run', 'start')],
      ['deno task', command('deno', 'task', 'start')],
      ['npm as an argument', command('node', 'npm')],
      ['node behind dumb-init', command('dumb-init', '--', 'node', 'server.js')],
      ['node behind tini -g', command('tini', '-g', '--', 'node', 'server.js')],
    ],
  },
  'yarn-or-pnpm-as-pid1': {
    fails: [
      ['yarn', command('yarn', 'start'), /makes yarn PID 1: Yarn 1 ends/],
      ['pnpm', command('pnpm', 'start'), /makes pnpm PID 1: pnpm up to 10 ends/],
      ['behind dumb-init', command('dumb-init', 'yarn', 'start'), /"yarn start" behind dumb-init: Yarn 1 ends/],
      ['CMD', dockerfile('FROM node:24', 'CMD ["yarn", "start"]'), /^CMD: /],
    ],
    passes: [
      ['node', command('node', 'server.js')],
      ['npm, which another rule covers', command('npm', 'start')],
    ],
  },
  'pm2-as-pid1': {
    fails: [
      ['pm2-runtime', command('pm2-runtime', 'server.js'), /sends the app SIGINT, and SIGKILL 1\.6 s later/],
      ['CMD', dockerfile('FROM node:24', 'CMD ["pm2-runtime", "server.js"]'), /^CMD: "pm2-runtime server\.js"/],
      [
        'an option that it ignores',
        command('pm2-runtime', 'server.js', '--kill-timeout', '20000'),
        /or set PM2_KILL_TIMEOUT$/,
      ],
      ['with a file', command('pm2-runtime', 'ecosystem.config.js'), /unless its kill timeout is longer/, 'info'],
    ],
    passes: [
      [
        'a kill timeout',
        deployment({ [`${APP}.command`]: ['pm2-runtime', 'a.js'], ...env(['PM2_KILL_TIMEOUT', '20000']) }),
      ],
      ['node', command('node', 'server.js')],
    ],
  },
  'stop-signal-cuts-requests': {
    fails: [
      [
        'nginx',
        dockerfile('FROM nginx:1.29', 'STOPSIGNAL SIGTERM'),
        /^STOPSIGNAL SIGTERM: nginx of nginx:1\.29 cuts its/,
      ],
      ['without its prefix', dockerfile('FROM httpd:2.4', 'STOPSIGNAL TERM'), /Apache httpd .* write SIGWINCH$/],
      [
        'as a number',
        dockerfile('FROM php:8-fpm', 'STOPSIGNAL 15'),
        /php-fpm of php:8-fpm cuts its requests at SIGTERM/,
      ],
      [
        'with its command',
        dockerfile('FROM nginx:1.29', 'STOPSIGNAL SIGTERM', 'CMD ["nginx", "-g", "daemon off;"]'),
        /nginx of/,
      ],
      ['SIGKILL', dockerfile('FROM node:24', 'STOPSIGNAL 9', 'CMD ["node", "a.js"]'), /ends the app at once/],
      [
        'in the manifest',
        deployment({ [`${APP}.image`]: 'nginx:1.29', [`${POD}.os.name`]: 'linux', [STOP_SIGNAL]: 'SIGTERM' }),
        /stopSignal SIGTERM makes nginx cut its requests; write SIGQUIT$/,
      ],
    ],
    passes: [
      ['the graceful one', dockerfile('FROM nginx:1.29', 'STOPSIGNAL SIGQUIT')],
      ['none', dockerfile('FROM nginx:1.29', 'COPY site /usr/share/nginx/html')],
      ['another program', dockerfile('FROM nginx:1.29', 'STOPSIGNAL SIGTERM', 'ENTRYPOINT ["/controller"]')],
      ['another image', dockerfile('FROM node:24', 'STOPSIGNAL SIGTERM', 'CMD ["node", "a.js"]')],
    ],
  },
  'inherited-stop-signal': {
    fails: [
      [
        'a controller FROM nginx',
        dockerfile('FROM nginx:1.29', 'ENTRYPOINT ["/controller"]'),
        /^ENTRYPOINT: "\/controller" gets SIGQUIT when it is stopped, the STOPSIGNAL of nginx:1\.29, and not SIGTERM/,
      ],
      ['another CMD', dockerfile('FROM php:8-fpm', 'ENTRYPOINT []', 'CMD ["node", "a.js"]'), /gets SIGQUIT/],
      [
        'through a stage',
        dockerfile('FROM httpd:2.4 AS base', 'FROM base', 'ENTRYPOINT ["/controller"]'),
        /gets SIGWINCH/,
      ],
    ],
    passes: [
      ['nginx itself', dockerfile('FROM nginx:1.29', 'CMD ["nginx", "-g", "daemon off;"]')],
      ['a STOPSIGNAL of its own', dockerfile('FROM nginx:1.29', 'STOPSIGNAL SIGTERM', 'ENTRYPOINT ["/controller"]')],
      ['a script, which may start nginx', dockerfile('FROM nginx:1.29', 'ENTRYPOINT ["/start.sh"]')],
      ['another image', dockerfile('FROM node:24', 'ENTRYPOINT ["/controller"]')],
    ],
  },
  'entrypoint-script': {
    fails: [
      ['a script', command('/entrypoint.sh'), /"entrypoint\.sh" is PID 1: see that its last line/],
      ['a shell with a script', command('sh', '/start'), /"sh \/start" is PID 1/],
      [
        'a script that gets another one',
        command('/wait.sh', 'db', '/start.sh'),
        /is PID 1: see that its last line starts the app with exec/,
      ],
      [
        'a script that may run another one',
        command('/wait.sh', '/start.sh'),
        /is PID 1: see that each script ends with exec: the first of the next, the last of the app$/,
      ],
      [
        'a script that the image may run',
        args('/start.sh'),
        /"start\.sh" is PID 1: .* with exec \(if the image's ENTRYPOINT runs its arguments\)$/,
      ],
      [
        "a script that Node's image runs",
        deployment({ [`${APP}.image`]: 'node:24', [`${APP}.args`]: ['/start.sh'] }),
        /its last line starts the app with exec$/,
      ],
      [
        'ENTRYPOINT',
        dockerfile('FROM a', 'ENTRYPOINT ["/start.sh"]', 'CMD ["node", "a.js"]'),
        /^ENTRYPOINT: "start\.sh"/,
      ],
    ],
    passes: [
      ['a program', command('/app/server')],
      ['a script text', command('sh', '-c', 'exec node server.js')],
    ],
  },
  'share-process-namespace': {
    fails: [['true', deployment({ [`${POD}.shareProcessNamespace`]: true }), /the app is not PID 1/]],
    passes: [
      ['false', deployment({ [`${POD}.shareProcessNamespace`]: false })],
      ['absent', {}],
    ],
  },
  'grace-not-above-prestop-plus-drain': {
    fails: [
      [
        'as long as the preStop sleep',
        deployment({ [GRACE]: 5 }),
        /Seconds 5 is not above preStop 5 s: what takes longer than the kubelet's last 2 s is cut; write at least 10/,
        'warning',
      ],
      [
        'as long as preStop and drain delay',
        { ...deployment({ [GRACE]: 7 }), options: { drainDelaySeconds: 2 } },
        /7 is not above preStop 5 s \+ drain delay 2 s = 7 s; write at least 12/,
        'warning',
      ],
      [
        'as long as preStop, drain delay and the longest request',
        { ...deployment({ [GRACE]: 11 }), options: { drainDelaySeconds: 2, longestRequestSeconds: 4 } },
        /11 is not above preStop 5 s \+ drain delay 2 s \+ the longest request 4 s = 11 s; write at least 16$/,
        'warning',
      ],
      [
        'the default',
        { ...deployment({}), options: { longestRequestSeconds: 60 } },
        /Seconds 30 \(the default\) is not above preStop 5 s \+ the longest request 60 s = 65 s; write at least 70$/,
      ],
      ["a shell's sleep", deployment({ ...exec('sh', '-c', 'sleep 40'), [GRACE]: 30 }), /30 is not above preStop 40 s/],
      ['0', deployment({ [PRE_STOP]: undefined, [GRACE]: 0 }), /0 is not above 0: pods are killed immediately/],
      [
        "the drain delay of this project's images",
        ownImage({ [GRACE]: 7, ...env(['SHUTDOWN', 'drain'], ['DRAIN_DELAY_MS', '2000']) }),
        /preStop 5 s \+ drain delay 2 s = 7 s/,
      ],
      ["a worker's hook", worker({ [GRACE]: 5 }), /5 is not above preStop 5 s/, 'warning'],
    ],
    passes: [
      ['no room for the missing hook, which another rule reports', deployment({ [PRE_STOP]: undefined, [GRACE]: 5 })],
      ['a second above', deployment({ [GRACE]: 6 })],
      [
        'a second above all three',
        {
          ...deployment({ [GRACE]: 12 }),
          options: { drainDelaySeconds: 2, longestRequestSeconds: 4 },
        },
      ],
      [
        'a hook of unknown length',
        deployment({ [PRE_STOP]: { httpGet: { path: '/stop', port: 'http' } }, [GRACE]: 1 }),
      ],
      ['a short one of a worker without a hook', worker({ [PRE_STOP]: undefined, [GRACE]: 1 })],
      ['a sleep that the API server rejects', deployment({ [GRACE]: 4 })],
      ["another image's drain delay", deployment({ [GRACE]: 7, ...env(['DRAIN_DELAY_MS', '2000']) })],
    ],
  },
  'no-prestop': {
    fails: [
      ['none', deployment({ [PRE_STOP]: undefined }), /"app" has no preStop hook: .* write preStop: \{sleep: /],
      [
        'a drain delay of a second',
        { ...deployment({ [PRE_STOP]: undefined }), options: { drainDelaySeconds: 1 } },
        /no preStop hook/,
      ],
      ['one pod', deployment({ [PRE_STOP]: undefined, 'spec.replicas': 1 }), /no preStop hook/, 'info'],
      [
        'an image with a stop signal of its own',
        deployment({ [PRE_STOP]: undefined, [`${APP}.image`]: 'nginx:1.29-alpine' }),
        /routers send it new connections after SIGQUIT; /,
      ],
      [
        'a collector',
        deployment({ [PRE_STOP]: undefined, [`${APP}.image`]: 'otel-collector:1' }),
        /no preStop/,
        'info',
      ],
      [
        'a front end',
        deployment({ [PRE_STOP]: undefined, [`${APP}.image`]: 'acme/shop-ui:1' }),
        /no preStop/,
        'warning',
      ],
      [
        'a grace period that is too short for it',
        deployment({ [PRE_STOP]: undefined, [GRACE]: 5 }),
        /no preStop hook: .* write preStop: \{sleep: \{seconds: 5\}\}$/,
      ],
      [
        'a load balancer that needs longer',
        { ...deployment({ [PRE_STOP]: undefined }), ...annotated({ 'cloud.google.com/neg': '{"ingress": true}' }) },
        /\(the network endpoint group of Service "shop": .*\); write preStop: \{sleep: \{seconds: 40\}\}$/,
      ],
      [
        'a hook that tells nginx to quit',
        { deployment: { ...exec('nginx', '-s', 'quit'), [`${APP}.image`]: 'nginx:1.29' } },
        /runs "nginx -s quit" at once: the app closes its port while routers .* write preStop: \{sleep/,
      ],
      [
        'a hook that quits first',
        deployment(exec('sh', '-c', 'kill -QUIT 1; sleep 10')),
        /runs "kill -QUIT 1" at once/,
      ],
      [
        'a native sidecar that serves until the app has ended',
        servedBySidecar({ [PRE_STOP]: undefined }),
        /"mesh" has no/,
      ],
      [
        'a hook that quits soon',
        deployment(exec('sh', '-c', 'sleep 1; nginx -s quit')),
        /quit" after 1 s: .* sleep 5 s before/,
      ],
    ],
    passes: [
      ['a sleep before the quit', deployment(exec('sh', '-c', 'sleep 5; nginx -s quit'))],
      ['a reload', deployment(exec('nginx', '-s', 'reload'))],
      ['a command of unknown length before the quit', deployment(exec('sh', '-c', '/drain; nginx -s quit'))],
      ['a sleep', {}],
      ['a request', deployment({ [PRE_STOP]: { httpGet: { path: '/stop', port: 'http' } } })],
      ['a drain delay of 2 s', { ...deployment({ [PRE_STOP]: undefined }), options: { drainDelaySeconds: 2 } }],
      ['a worker', worker({ [PRE_STOP]: undefined })],
      ['a sidecar', deployment(proxy())],
      ['a native sidecar that serves until the app, which sleeps, has ended', servedBySidecar({})],
    ],
  },
  'prestop-too-short': {
    fails: [
      ['1 s', deployment({ [PRE_STOP]: { sleep: { seconds: 1 } } }), /in service for 1 s .* up to about 2 s/],
      ['a command', deployment(exec('sleep', '0.5')), /for 0\.5 s/],
    ],
    passes: [
      ['2 s', deployment({ [PRE_STOP]: { sleep: { seconds: 2 } } })],
      [
        '1 s and a drain delay',
        {
          ...deployment({ [PRE_STOP]: { sleep: { seconds: 1 } } }),
          options: { drainDelaySeconds: 1 },
        },
      ],
      ['a command of unknown length', deployment(exec('/drain'))],
      ['several sleeps', deployment(exec('sh', '-c', 'sleep 1; nginx -s quit; sleep 1'))],
      ['minutes', deployment({ ...exec('sleep', '1m'), [GRACE]: 100 })],
      ['a variable', deployment(exec('sh', '-c', 'sleep $SECONDS_TO_STAY'))],
    ],
  },
  'prestop-exec-needs-missing-binary': {
    fails: [
      [
        'distroless',
        deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'gcr.io/distroless/nodejs24-debian12' }),
        /runs sleep, which the image gcr\.io\/distroless\/nodejs24-debian12 lacks/,
      ],
      [
        'FROM scratch',
        { ...deployment(exec('/bin/sh', '-c', 'sleep 5')), dockerfile: 'FROM scratch\nENTRYPOINT ["/app"]' },
        /runs \/bin\/sh, which the image scratch lacks/,
      ],
    ],
    passes: [
      ['the sleep action', deployment({ [`${APP}.image`]: 'gcr.io/distroless/nodejs24-debian12' })],
      ['an image with a shell', deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'node:24-slim' })],
      ['a program of the app', deployment({ ...exec('/drain'), [`${APP}.image`]: 'gcr.io/distroless/static' })],
      [
        'the variant with a shell',
        deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'cgr.dev/chainguard/node:latest-dev' }),
      ],
    ],
  },
  'prestop-exec-instead-of-sleep': {
    fails: [
      ['sleep', deployment(exec('sleep', '5')), /needs sleep .* write preStop: \{sleep: \{seconds: 5\}\}/],
      ['a shell', deployment(exec('/bin/sh', '-c', 'sleep 7.5')), /needs \/bin\/sh .* \{seconds: 8\}/],
    ],
    passes: [
      ['the sleep action', {}],
      ['a sleep that is too short, which another rule covers', deployment(exec('sleep', '1'))],
      ['a command that does more', deployment(exec('sh', '-c', 'sleep 5 && nginx -s quit'))],
    ],
  },
  'no-readiness-probe': {
    fails: [
      ['none', deployment({ [`${APP}.readinessProbe`]: undefined }), /"app" has no readiness probe/],
      [
        'one pod',
        deployment({ [`${APP}.readinessProbe`]: undefined, 'spec.replicas': 1 }),
        /no readiness probe/,
        'info',
      ],
      [
        'only liveness',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.livenessProbe`]: HTTP }),
        /no readiness probe/,
      ],
      [
        'no port declared, but a Service',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.ports`]: undefined }),
        /no readiness probe/,
      ],
    ],
    passes: [
      ['a readiness probe', {}],
      [
        'a startup probe, which is enough for the start',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.startupProbe`]: HTTP }),
      ],
      ['a sidecar without one', deployment(proxy({ ports: [{ containerPort: 9090 }] }))],
      ['a worker', worker({})],
    ],
  },
  'pod-probes-identical': {
    fails: [
      [
        'the same',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: HTTP }),
        /is killed after 30 s of failing .* out of service after 30 s/,
      ],
      [
        'liveness fails even sooner',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: { ...HTTP, periodSeconds: 1 } }),
        /killed after 3 s/,
      ],
    ],
    passes: [
      [
        'liveness fails later',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: { ...HTTP, failureThreshold: 4 } }),
      ],
      [
        'another path',
        deployment({
          [`${APP}.readinessProbe`]: HTTP,
          [`${APP}.livenessProbe`]: { httpGet: { path: '/healthz', port: 8080 } },
        }),
      ],
      ['no liveness', {}],
    ],
  },
  'readiness-probe-slow': {
    fails: [
      [
        'the defaults',
        deployment({ [`${APP}.readinessProbe`]: HTTP }),
        /for up to 31 s .* \(3 failures 10 s apart, and a timeout of 1 s\)/,
      ],
      [
        'a long timeout',
        deployment({ [`${APP}.readinessProbe`]: { ...HTTP, timeoutSeconds: 5 } }),
        /for up to 35 s .* \(3 failures 10 s apart, and a timeout of 5 s\)/,
      ],
    ],
    passes: [
      ['2 failures 1 s apart', {}],
      ['the only pod', deployment({ [`${APP}.readinessProbe`]: HTTP, 'spec.replicas': 1 })],
    ],
  },
  'sidecar-stops-first': {
    fails: [
      [
        'a database proxy beside an app without a hook',
        deployment({ ...proxy({ name: 'cloud-sql-proxy' }), [PRE_STOP]: undefined }),
        /"cloud-sql-proxy" closes its connections at SIGTERM, while "app" may still finish requests that need them; make it/,
      ],
      ['a second container without a hook', deployment(proxy()), /"proxy" gets SIGTERM while "app" is still/, 'info'],
      [
        'a mesh proxy without a hook',
        deployment(proxy({ image: 'cr.l5d.io/linkerd/proxy:edge-24.1.1' })),
        /"proxy" stops at once, but "app" serves for 5 s .* write a preStop sleep of 5 s, or make it an init container/,
      ],
      [
        'a mesh proxy that sleeps for less',
        deployment({
          ...proxy({ name: 'envoy', lifecycle: { preStop: { sleep: { seconds: 2 } } } }),
        }),
        /"envoy" stops after 2 s/,
      ],
      [
        'an istio-proxy, which drains for 5 s',
        deployment({ ...proxy({ name: 'istio-proxy' }), [PRE_STOP]: { sleep: { seconds: 10 } } }),
        /"istio-proxy" stops after 5 s, but "app" serves for 10 s/,
      ],
      [
        'an app behind a proxy that serves',
        deployment({ [`${APP}.image`]: 'nginx:1.29', [`${POD}.containers[1]`]: { name: 'php', image: 'shop-php:1' } }),
        /"php" stops at once, but "app" serves for 5 s .* requests through "app" then fail; write a preStop sleep of 5 s$/,
      ],
    ],
    passes: [
      [
        'a database proxy that waits, beside an app without a hook',
        deployment({
          ...proxy({ name: 'cloud-sql-proxy', args: ['--max-sigterm-delay=30s'] }),
          [PRE_STOP]: undefined,
        }),
      ],
      ['a collector', deployment(proxy({ name: 'fluent-bit', image: 'fluent/fluent-bit:3' }))],
      ['an istio-proxy, which drains as long', deployment(proxy({ name: 'istio-proxy' }))],
      [
        'a database proxy that waits by an option',
        deployment(proxy({ name: 'cloud-sql-proxy', args: ['--max-sigterm-delay=30s'] })),
      ],
      ['one container', {}],
      ['a sidecar with a hook', deployment(proxy({ lifecycle: { preStop: { sleep: { seconds: 10 } } } }))],
      [
        'a native sidecar',
        deployment({ [`${POD}.initContainers[0]`]: { name: 'proxy', image: 'proxy:1', restartPolicy: 'Always' } }),
      ],
      ['nothing stays in service', deployment({ ...proxy(), [PRE_STOP]: undefined })],
    ],
  },
  'publish-not-ready-addresses': {
    fails: [
      [
        'a Service with a cluster IP',
        { service: { 'spec.publishNotReadyAddresses': true } },
        /^Service "shop": publishNot/,
      ],
      [
        'the only Service, headless',
        { service: { 'spec.publishNotReadyAddresses': true, 'spec.clusterIP': 'None' } },
        /not ready yet or are terminating/,
      ],
    ],
    passes: [
      ['false', { service: { 'spec.publishNotReadyAddresses': false } }],
      [
        "a StatefulSet's headless Service, for its peers",
        { ...statefulSet({}), service: { 'spec.publishNotReadyAddresses': true, 'spec.clusterIP': 'None' } },
      ],
      [
        'a headless Service for peers beside another',
        { more: [BUDGET, service({ clusterIP: 'None', publishNotReadyAddresses: true }, 'shop-peers')] },
      ],
    ],
  },
  'load-balancer-outlasts-prestop': {
    fails: [
      [
        'an ALB with a written delay',
        ingress(ALB, {
          'alb.ingress.kubernetes.io/target-group-attributes': 'a=b,deregistration_delay.timeout_seconds=20',
        }),
        /for 5 s after its deletion, but the AWS target group of Ingress "shop" may send to it for longer: its deregistration delay is 20 s; write a preStop sleep of 20 s$/,
      ],
      [
        'an ALB with the default',
        ingress(ALB),
        /300 s by default; set alb\.ingress\.kubernetes\.io\/target-group-attributes: deregistration_delay\.timeout_seconds=30; write/,
      ],
      [
        'an NLB',
        {
          service: { 'spec.type': 'LoadBalancer', 'metadata.annotations': NLB },
        },
        /the AWS target group of Service "shop"/,
      ],
      ['a NEG', annotated({ 'cloud.google.com/neg': '{"ingress": true}' }), /network endpoint group of Service "shop"/],
      [
        'a NEG of its own',
        annotated({ 'cloud.google.com/neg': '{"exposed_ports": {"80":{}}}' }),
        /network endpoint group/,
      ],
      ['the class gce, without an annotation', ingress({ 'kubernetes.io/ingress.class': 'gce' }), /of Ingress "shop"/],
      ['a Gateway of GKE', gateway('gke-l7-global-external-managed'), /network endpoint group of Gateway "outside"/],
      ['AGIC', ingress({ 'kubernetes.io/ingress.class': 'azure/application-gateway' }), /sleep of 90 s$/],
      ['one pod', { ...ingress(ALB), ...deployment({ 'spec.replicas': 1 }) }, /the AWS target group/, 'info'],
    ],
    passes: [
      ['an ALB that sends to nodes', ingress({ ...ALB, 'alb.ingress.kubernetes.io/target-type': 'instance' })],
      ['nginx', ingress({ 'kubernetes.io/ingress.class': 'nginx' })],
      ['a Gateway of Envoy', gateway('eg')],
      [
        'a sleep that is long enough',
        { ...ingress(ALB), ...deployment({ [PRE_STOP]: { sleep: { seconds: 30 } }, [GRACE]: 45 }) },
      ],
      ['a NEG that is off', annotated({ 'cloud.google.com/neg': '{"ingress": false}' })],
      ['no hook, which another rule reports', { ...ingress(ALB), ...deployment({ [PRE_STOP]: undefined }) }],
      ['a hook of unknown length', { ...ingress(ALB), deployment: exec('/drain') }],
    ],
  },
  'idle-limit-below-gateway': {
    fails: [
      [
        'Node behind Traefik',
        behind(classed('traefik'), NODE),
        /: container "app": command "node" means Node \(http\), which closes an idle connection after 6 s by default, but Traefik \(Ingress "shop"\) keeps it for 90 s by default: .* which this input does not show; set server\.keepAliveTimeout = 95000$/,
      ],
      [
        "Bun's image behind ingress-nginx, by its annotations",
        behind(ingress({ 'nginx.ingress.kubernetes.io/rewrite-target': '/' }), { image: 'oven/bun:1' }),
        /: image "oven\/bun:1" means Bun \(Bun\.serve\), which closes .* but ingress-nginx \(Ingress "shop"\) keeps it for 60 s .*; set Bun\.serve\(\{ idleTimeout: 65 \}\)$/,
      ],
      [
        "Node's image behind a class of ingress-nginx",
        behind(classed('nginx-public'), { image: 'docker.io/library/node:24-alpine' }),
        /image "docker\.io\/library\/node:24-alpine".* ingress-nginx/,
      ],
      [
        'npm in a shell, behind HAProxy, by the old annotation',
        behind(ingress({ 'kubernetes.io/ingress.class': 'haproxy' }), { command: ['sh', '-c', 'A=1 exec npm start'] }),
        /command "npm".* HAProxy \(Ingress "shop"\) may keep it for any time: .*; set the gateway: http-reuse never/,
      ],
      [
        'an ALB whose own limit is above that of Node',
        behind(ingress(ALB, { [ALB_ATTRIBUTES]: 'a=b,idle_timeout.timeout_seconds=120' }), NODE),
        /AWS ALB \(Ingress "shop"\) keeps it for 2 min: .* server\.keepAliveTimeout = 125000$/,
      ],
      [
        "Node behind Traefik's own kind of route",
        behind(customRoute('traefik.io/v1alpha1', 'IngressRoute', toShop), NODE),
        /but Traefik \(IngressRoute "shop"\) keeps it for 90 s by default/,
      ],
      [
        "Node behind Contour's",
        behind(customRoute('projectcontour.io/v1', 'HTTPProxy', toShop), NODE),
        /but Envoy \(HTTPProxy "shop"\) keeps it for 1 h by default/,
      ],
      [
        "Node behind Istio's, by a host with a namespace",
        behind(
          customRoute('networking.istio.io/v1', 'VirtualService', {
            http: [{ route: [{ destination: { host: 'shop.default.svc.cluster.local' } }] }],
          }),
          NODE,
        ),
        /but Envoy \(VirtualService "shop"\) keeps it for 1 h by default/,
      ],
      [
        'Bun behind Envoy, whose limit is above what Bun can be set to',
        behind(gateway('eg'), { command: ['bun', 'server.ts'] }),
        /Envoy \(Gateway "outside"\) keeps it for 1 h by default: .* set Bun\.serve\(\{ idleTimeout: 0 \}\)$/,
      ],
      [
        'a class of any name whose controller is known',
        behind(classed('public'), NODE, ingressClass('public', 'k8s.io/ingress-nginx')),
        /ingress-nginx \(Ingress "shop"\)/,
      ],
      [
        'a GatewayClass of any name whose controller is known',
        behind(gateway('public'), NODE, gatewayClass('public', 'traefik.io/gateway-controller')),
        /Traefik \(Gateway "outside"\)/,
      ],
      [
        'a Dockerfile that says what runs',
        { ...behind(classed('traefik'), {}), dockerfile: 'FROM node:24\nCMD ["node", "server.js"]' },
        /command "node"/,
      ],
    ],
    passes: [
      [
        "a route of Traefik's that leads to another Service",
        behind(
          customRoute('traefik.io/v1alpha1', 'IngressRoute', { routes: [{ services: [{ name: 'other' }] }] }),
          NODE,
        ),
      ],
      [
        'a route of the same kind in a group that is not known',
        behind(customRoute('example.com/v1', 'HTTPProxy', toShop), NODE),
      ],
      ['no gateway', behind({ more: [BUDGET] }, NODE)],
      ['a class that says nothing', behind(classed('public'), NODE)],
      ['a class of nginx whose controller is of F5', behind(classed('nginx', { 'nginx.org/mergeable': 'a' }), NODE)],
      [
        'a class of nginx that F5 provides',
        behind(classed('nginx'), NODE, ingressClass('nginx', 'nginx.org/ingress-controller')),
      ],
      ['another program', behind(classed('traefik'), { command: ['python', 'server.py'], image: 'node:24' })],
      ['another image called node', behind(classed('traefik'), { image: 'calico/node:v3' })],
      ['Deno', behind(classed('traefik'), { command: ['deno', 'serve', 'server.ts'] })],
      [
        'a variable that may set the limit',
        behind(classed('traefik'), { ...NODE, env: [{ name: 'KEEP_ALIVE_TIMEOUT_MS', value: '95000' }] }),
      ],
      [
        'an option that sets the limit',
        behind(classed('traefik'), { command: ['next', 'start', '--keepAliveTimeout', '95000'] }),
      ],
      [
        'an ALB below the limit of Node',
        behind(ingress(ALB, { [ALB_ATTRIBUTES]: 'idle_timeout.timeout_seconds=4' }), NODE),
      ],
      ['a gateway that passes connections on', behind(tlsRoute(gateway('eg')), NODE)],
    ],
  },
  'headless-service-keeps-addresses': {
    fails: [
      [
        'the only Service is headless',
        { service: { 'spec.clusterIP': 'None' } },
        /DNS clients of headless Service "shop" may send to it for longer: .* ttl of 30 s; write a preStop sleep of 30 s/,
      ],
    ],
    passes: [
      ['a cluster IP', {}],
      ['a headless Service beside another', { more: [BUDGET, service({ clusterIP: 'None' }, 'shop-peers')] }],
      ['a StatefulSet', { ...statefulSet({}), service: { 'spec.clusterIP': 'None' } }],
      [
        'a sleep that is long enough',
        {
          ...deployment({ [PRE_STOP]: { sleep: { seconds: 30 } }, [GRACE]: 45 }),
          service: { 'spec.clusterIP': 'None' },
        },
      ],
    ],
  },
  'target-group-without-readiness-gate': {
    fails: [['none in the manifest', ingress(ALB), /has no readiness gate in this manifest/]],
    passes: [
      [
        'a gate',
        {
          ...ingress(ALB),
          ...deployment({ [`${POD}.readinessGates`]: [{ conditionType: 'target-health.elbv2.k8s.aws/shop' }] }),
        },
      ],
      ['another load balancer', annotated({ 'cloud.google.com/neg': '{"ingress": true}' })],
    ],
  },
  'session-affinity-pins-dying-pod': {
    fails: [
      [
        'ClientIP and no hook',
        { deployment: { [PRE_STOP]: undefined }, service: { 'spec.sessionAffinity': 'ClientIP' } },
        /^Service "shop": sessionAffinity ClientIP keeps sending a client to a terminating pod of Deployment "shop"/,
      ],
    ],
    passes: [
      ['ClientIP and a hook', { service: { 'spec.sessionAffinity': 'ClientIP' } }],
      ['no affinity', deployment({ [PRE_STOP]: undefined })],
    ],
  },
  'external-traffic-policy-local': {
    fails: [['Local', { service: { 'spec.externalTrafficPolicy': 'Local' } }, /^Service "shop": .* must outlast/]],
    passes: [
      ['Cluster', { service: { 'spec.externalTrafficPolicy': 'Cluster' } }],
      ['a Service of other pods', { service: { 'spec.externalTrafficPolicy': 'Local', 'spec.selector.app': 'blog' } }],
    ],
  },
  'missing-pod-disruption-budget': {
    fails: [
      ['none', { more: [] }, /may evict all 3 at once \(a rollout is not limited by it\)/],
      [
        'one in another namespace',
        { more: [{ ...BUDGET, metadata: { name: 'shop', namespace: 'blog' } }] },
        /no PodDisruptionBudget/,
      ],
      [
        'an autoscaler',
        { deployment: { 'spec.replicas': undefined }, more: [autoscaler(2)] },
        /may evict all 2 \(the least that HorizontalPodAutoscaler "shop" runs\) at once/,
      ],
    ],
    passes: [
      ['one', {}],
      [
        'one with matchExpressions',
        {
          more: [
            { ...BUDGET, spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['shop'] }] } } },
          ],
        },
      ],
      ['a single pod', { deployment: { 'spec.replicas': 1 }, more: [] }],
    ],
  },
  'pdb-disruptions-is-zero': {
    fails: [
      ['maxUnavailable 0', budget({ maxUnavailable: 0 }), /maxUnavailable 0 of 3 allows no eviction/],
      ['minAvailable as many as replicas', budget({ minAvailable: 3 }), /minAvailable 3 of 3/],
      ['minAvailable that rounds up to all', budget({ minAvailable: '70%' }), /minAvailable 70% of 3/],
      ['all of them', budget({ minAvailable: '100%' }), /minAvailable 100%/],
      [
        'one of one',
        { ...deployment({ 'spec.replicas': 1 }), ...budget({ minAvailable: 1 }) },
        /run 2 replicas first, then write maxUnavailable: 1; with one replica, each drain is an outage$/,
      ],
      [
        'one of one that holds state',
        { ...deployment({ 'spec.replicas': 1, [`${APP}.image`]: 'postgres:16' }), ...budget({ maxUnavailable: 0 }) },
        /each drain is an outage: plan it/,
      ],
    ],
    passes: [
      ['a DaemonSet, which drains leave alone', { ...daemonSet({}), ...budget({ maxUnavailable: 0 }) }],
      ['maxUnavailable 1', {}],
      ['minAvailable 2', budget({ minAvailable: 2 })],
      ['maxUnavailable 1%, which rounds up', budget({ maxUnavailable: '1%' })],
    ],
  },
  'refused-by-api-server': {
    fails: [
      [
        'a preStop sleep above the grace period',
        deployment({ [GRACE]: 4 }),
        /refuses spec\.template\.spec\.containers\[0\]\.lifecycle\.preStop\.sleep: Invalid value: 5: must be non-negative and less than terminationGracePeriodSeconds \(4\)/,
      ],
      ['of a StatefulSet too', statefulSet({ [GRACE]: 4 }), /^StatefulSet "shop": .* less than termination/],
      [
        'limits of 0',
        deployment({ [LIMITS]: { maxSurge: 0, maxUnavailable: 0 } }),
        /may not be 0 when `maxSurge` is 0/,
      ],
    ],
    passes: [
      ['a valid manifest', {}],
      ['an equal sleep', deployment({ [GRACE]: 5 })],
      ['a DaemonSet', daemonSet({})],
    ],
  },
  'unreadable-document': {
    fails: [
      ['a document that is no YAML', { yaml: `${goodText()}---\na: [\n` }, /^not valid YAML: /],
      ['a document that is no object', { yaml: `${goodText()}---\na: 1\n` }, /^not a Kubernetes object: apiVersion /],
    ],
    passes: [['an empty document', { yaml: `---\n# nothing\n---\n${goodText()}` }]],
  },
  'removed-api-version': {
    fails: [
      [
        'a Deployment of an old version',
        deployment({ apiVersion: 'extensions/v1beta1' }),
        /^Deployment "shop": Kubernetes 1\.16 removed Deployment from extensions\/v1beta1; write apiVersion: apps\/v1$/,
      ],
      [
        'a kind that is gone',
        {
          more: [
            BUDGET,
            { apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy', metadata: { name: 'strict' }, spec: {} },
          ],
        },
        /^PodSecurityPolicy "strict": Kubernetes 1\.25 removed PodSecurityPolicy; remove the object, and label namespaces for Pod Security admission$/,
      ],
      [
        'a kind that is gone without a successor',
        {
          more: [
            BUDGET,
            { apiVersion: 'settings.k8s.io/v1alpha1', kind: 'PodPreset', metadata: { name: 'p' }, spec: {} },
          ],
        },
        /removed PodPreset; remove the object$/,
      ],
    ],
    passes: [['apps/v1', {}]],
  },
  'duplicate-key': {
    fails: [
      [
        'replicas twice',
        { yaml: goodText().replace('replicas: 3', 'replicas: 3\n  replicas: 5') },
        /^"replicas" is written twice: kubectl keeps this value and drops that of line 6; remove one$/,
      ],
    ],
    passes: [
      ['merge keys', { yaml: goodText().replace('app: shop\n', 'app: shop\n      <<: {a: b}\n      <<: {c: d}\n') }],
    ],
  },
};

describe('the patch of a finding', () => {
  const patchOf = (id: string, given: Case) => {
    const finding = checked(given).findings.find(({ rule }) => rule === id);
    assert.ok(finding?.object && finding.patch);
    const [container] = parse(patchText(finding.object, finding.patch)).spec.template.spec.containers;
    return container;
  };

  test("adds exec to the shell's script and keeps the other words", () => {
    assert.deepEqual(patchOf('shell-pid1', command('/bin/sh', '-ec', 'node a.js "$@"', 'x')), {
      name: 'app',
      command: ['/bin/sh', '-ec', 'exec node a.js "$@"', 'x'],
    });
    const split = deployment({ [`${APP}.command`]: ['sh', '-c'], [`${APP}.args`]: ['node a.js'] });
    assert.deepEqual(patchOf('shell-pid1', split), { name: 'app', args: ['exec node a.js'] });
  });

  test('replaces a sleep command by the sleep action', () => {
    const sleeps = { name: 'app', lifecycle: { preStop: { exec: null, sleep: { seconds: 5 } } } };
    assert.deepEqual(patchOf('prestop-too-short', deployment(exec('sleep', '1'))), sleeps);
    assert.deepEqual(patchOf('prestop-exec-instead-of-sleep', deployment(exec('sleep', '5'))), sleeps);
  });
});

/** The patch leaves nothing for the rule to find, and nothing that the API server would refuse. */
function assertFixes(given: Case, finding: Finding): void {
  const yaml = withPatch(manifestsOf(given) ?? assert.fail(), finding);
  const left = checked({ ...given, yaml }).findings.filter(
    ({ rule }) => rule === finding.rule || rule === 'refused-by-api-server',
  );
  assert.deepEqual(left, [], yaml);
}

describe('the registry', () => {
  test('has unique ids, and rejects duplicates', () => {
    assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
    const [first] = RULES;
    assert.ok(first);
    assert.throws(() => withUniqueIds([...RULES, first]), /two rules have the id "no-rolling-update-strategy"/);
  });

  test('shares no id with the causes and the topic, which explain accepts too', () => {
    assert.deepEqual(
      RULES.filter(({ id }) => [...CAUSE_IDS, IDLE_TOPIC.id].some((other) => other === id)),
      [],
    );
  });

  test('has a failing and a passing manifest here for every rule, and no others', () => {
    assert.deepEqual(Object.keys(TABLE).sort(), RULES.map(({ id }) => id).sort());
    for (const [id, { fails, passes }] of Object.entries(TABLE)) assert.ok(fails.length * passes.length > 0, id);
  });

  test('has no findings for the Deployment that the tests start from', () => {
    assert.deepEqual(checked({}).findings, []);
  });
});

for (const [id, { fails, passes }] of Object.entries(TABLE)) {
  describe(id, () => {
    for (const [what, given, message, severity] of fails) {
      test(`finds: ${what}`, () => {
        const found = checked(given).findings.filter(({ rule }) => rule === id);
        assert.equal(found.length, 1, JSON.stringify(checked(given).findings, null, 2));
        const [finding] = found;
        assert.ok(finding);
        assert.match(finding.message, message);
        assert.doesNotMatch(finding.message, /\n/);
        assert.ok(finding.position, 'it has a line');
        const rule = RULES.find((rule) => rule.id === id) ?? assert.fail();
        assert.deepEqual([finding.severity, finding.cause], [severity ?? rule.severity, rule.cause]);
        if (finding.severity === 'error') assert.ok(rule.measured ?? rule.documented, 'an error shows why');
        if (finding.patch) assertFixes(given, finding);
      });
    }
    for (const [what, given] of passes) {
      test(`passes: ${what}`, () => {
        const found = checked(given).findings.filter(({ rule }) => rule === id);
        assert.deepEqual(found, []);
      });
    }
  });
}
