/** Rules about rollouts that hang, because a new pod cannot start while the old ones run. */
import { maximumOf } from '../autoscalers.ts';
import type { Problem, Rule } from '../rule.ts';
import type { HeldVolume } from '../state.ts';
import { hostPortsOf, isKeptNearOthers, oneNodeOf, spreadOf, startsNewPodsFirst } from '../surge.ts';
import { type Context, POD, type Workload } from '../workload.ts';

const RECREATE = { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } };
const RECREATE_FIX = `kind: Deployment
spec:
  replicas: 1
  strategy:
    type: Recreate
    rollingUpdate: null`;
const ONE_UNAVAILABLE = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } } };

export const SURGE_RULES: readonly Rule[] = [
  {
    id: 'host-port-blocks-surge',
    title: 'a host port with maxUnavailable 0',
    severity: 'warning',
    judges: 'pods',
    explanation:
      'A host port can be used once per node. With maxUnavailable 0, the new pod must start while the old pods still run. If every node already runs one of them, no node has the port free and the rollout hangs. It certainly does (error) if all pods are on one node, and in a DaemonSet with maxSurge, whose new pod starts on the node of the old one.',
    documented:
      'The plugin NodePorts of the scheduler in Kubernetes 1.34 (pkg/scheduler/framework/plugins/nodeports), and the page on DaemonSet updates.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          ports:
            # No hostPort: a Service finds the pod without it.
            - containerPort: 8080`,
    alsoKnownAs: ['Polaris hostPortSet'],
    evaluate(workload) {
      const ports = startsNewPodsFirst(workload) ? hostPortsOf(workload) : undefined;
      if (!ports) return [];
      const { object, name } = workload;
      const what = `${name}: host port ${ports.numbers.join(', ')}`;
      const place = { object, path: ports.path };
      if (object.value.kind === 'DaemonSet') {
        const message = `${what} with maxSurge: the new pod waits on the old pod's node for its port, so the rollout hangs; remove ${ports.field}, or write maxSurge: 0, maxUnavailable: 1`;
        const patch = { spec: { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } } };
        return [{ place, message, patch, severity: 'error' }];
      }
      if (oneNodeOf(workload)) {
        const message = `${what} with maxUnavailable 0 on one node: the new pod waits for the old one's port, so the rollout hangs; remove ${ports.field}, or write maxSurge: 0, maxUnavailable: 1`;
        return [{ place, message, severity: 'error' }];
      }
      const message = `${what} with maxUnavailable 0: a new pod needs a node without an old one, or the rollout hangs; remove ${ports.field}, or allow maxUnavailable: 1`;
      return [{ place, message, ...patchForSeveral(workload) }];
    },
  },
  {
    id: 'surge-cannot-attach-volume',
    title: 'a rolling update whose new pod cannot attach the volume',
    severity: 'warning',
    judges: 'pods',
    explanation:
      'A ReadWriteOnce volume is attached to one node. With maxUnavailable 0 (also what the default of 25 % rounds to for up to 3 replicas), the new pod must start while the old pod holds the volume. If the scheduler puts it on another node, it waits for the volume, and the rollout waits for it, until the progress deadline and beyond. A ReadWriteOncePod volume is never free for a second pod: that is an error. For one pod with such a volume the Kubernetes documentation advises strategy Recreate: a short outage instead of a hanging rollout. ReadWriteMany volumes and ephemeral volumes are fine.',
    documented:
      'The access modes on the page on persistent volumes, and "Run a Single-Instance Stateful Application", both in the Kubernetes documentation.',
    fix: RECREATE_FIX,
    evaluate: surgeCannotAttach,
  },
  {
    id: 'claim-of-several-workloads',
    title: 'a ReadWriteOnce claim that several workloads use',
    severity: 'warning',
    judges: 'pods',
    explanation:
      'A ReadWriteOnce volume is attached to one node, and a ReadWriteOncePod volume to one pod, whatever workload the pods belong to. If a new pod of one workload is put on another node than the pods of the other, it waits for the volume until they end, and its rollout hangs. Strategy Recreate does not help, because the pods of the other workload stay. Required pod affinity to them, or one node for all, keeps the pods together.',
    documented: 'The access modes on the page on persistent volumes in the Kubernetes documentation.',
    fix: `kind: PersistentVolumeClaim
spec:
  accessModes: [ReadWriteMany]`,
    evaluate(workload, context) {
      const { object, name, state } = workload;
      const keepsTogether = oneNodeOf(workload) !== undefined || isKeptNearOthers(workload);
      const volume = state.volumes.find(
        (held) => (held.access === 'node' || held.access === 'pod') && sharersOf(held, workload, context).length > 0,
      );
      if (!volume || (volume.access === 'node' && keepsTogether)) return [];
      const { what, access, index, claim = '' } = volume;
      // Once per claim.
      if (context.claimUsersOf(claim)[0] !== object.value) return [];
      const [first, ...more] = sharersOf(volume, workload, context);
      const others = more.length === 0 ? `${first} has` : `${first} and ${more.length} more have`;
      const message =
        access === 'pod'
          ? `${name}: ${what} is ReadWriteOncePod, and ${others} it too: only one pod of them can start; use a volume for each`
          : `${name}: ${what} is ReadWriteOnce, and ${others} it too: a new pod on another node cannot attach it while pods of the other run, so the rollout hangs; use a ReadWriteMany volume, or keep the pods on one node`;
      return [{ place: { object, path: [...POD, 'volumes', index] }, message }];
    },
  },
  {
    id: 'surge-shares-volume',
    title: 'a rolling update in which two pods write to one volume',
    severity: 'warning',
    judges: 'pods',
    explanation:
      "A rolling update that starts the new pod first has two pods for a moment. Some volumes let both in: those of many pods (ReadWriteMany), a folder of a node, and ReadWriteOnce volumes of a network file system or of one node, because that mode counts nodes and not pods. A database that finds the other one's lock does not start, and the rollout hangs; without a lock, both write to the same files. For other apps (info), that depends on the app. Strategy Recreate ends the old pod first.",
    documented:
      '"Run a Single-Instance Stateful Application" in the Kubernetes documentation, and the access modes on its page on persistent volumes.',
    fix: RECREATE_FIX,
    evaluate: surgeShares,
  },
  {
    id: 'spread-without-room',
    title: 'required anti-affinity with maxUnavailable 0',
    severity: 'warning',
    judges: 'pods',
    explanation:
      "Required pod anti-affinity that matches the workload's own labels counts old and new pods alike. With maxUnavailable 0, the new pod needs a node (or zone) that has no old pod: one more than there are replicas. Without it, the new pod stays Pending and the rollout hangs. Allow maxUnavailable: 1, prefer the spread (preferredDuringSchedulingIgnoredDuringExecution), or count only pods of the same revision (matchLabelKeys: [pod-template-hash], Kubernetes 1.31 and later).",
    documented: 'The page on assigning pods to nodes in the Kubernetes documentation (inter-pod anti-affinity).',
    fix: `kind: Deployment
spec:
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 1`,
    evaluate(workload) {
      const spread = startsNewPodsFirst(workload) ? spreadOf(workload) : undefined;
      const { object, name, replicas } = workload;
      if (!spread || object.value.kind === 'DaemonSet') return [];
      const place = { object, path: spread.path };
      if (oneNodeOf(workload)) {
        const message = `${name}: required anti-affinity by ${spread.domain} with maxUnavailable 0 on one node: the new pod can never start beside the old one, so the rollout hangs; remove one of them`;
        return [{ place, message, severity: 'error' }];
      }
      const message = `${name}: required anti-affinity by ${spread.domain} with maxUnavailable 0: a rollout needs more ${spread.domain}s than the ${replicas} with old pods, or it hangs; allow maxUnavailable: 1, or prefer the spread`;
      return [{ place, message, ...patchForSeveral(workload) }];
    },
  },
  {
    id: 'surge-on-one-node',
    title: 'a rolling update that needs room for one more pod on one node',
    severity: 'info',
    judges: 'pods',
    explanation:
      'nodeName, or a node selector or affinity that names one node, puts all pods on that node. With maxUnavailable 0, the node must have room for one pod more than there are replicas, or the rollout hangs.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      # A label that several nodes have, not the name of one.
      nodeSelector:
        disk: ssd`,
    evaluate(workload) {
      const path = startsNewPodsFirst(workload) ? oneNodeOf(workload) : undefined;
      if (!path || workload.object.value.kind === 'DaemonSet') return [];
      const message = `${workload.name}: all pods are on one node, and maxUnavailable is 0: that node needs room for one pod more, or the rollout hangs`;
      return [{ place: { object: workload.object, path }, message }];
    },
  },
];

/** One pod fewer for a moment is better than a rollout that hangs, unless it is the only one. */
function patchForSeveral({ object, replicas = 0 }: Workload): Pick<Problem, 'patch'> {
  return object.value.kind === 'Deployment' && replicas > 1 ? { patch: ONE_UNAVAILABLE } : {};
}

/** The other workloads that have the volume's claim, by kind and name. */
function sharersOf({ claim }: HeldVolume, { object }: Workload, { claimUsersOf }: Context): string[] {
  const users = claim === undefined ? [] : claimUsersOf(claim);
  return users.filter((user) => user !== object.value).map(({ kind, metadata }) => `${kind} "${metadata.name}"`);
}

function surgeShares(workload: Workload): Problem[] {
  const { object, name, replicas, state } = workload;
  if (object.value.kind !== 'Deployment' || replicas !== 1 || !startsNewPodsFirst(workload)) return [];
  const volume = state.volumes.find(
    ({ access, letsSecondPodIn }) => letsSecondPodIn !== undefined || (access === 'shared' && state.byImage),
  );
  if (!volume) return [];
  const { what, index, letsSecondPodIn: why } = volume;
  const message = `${name}: the new pod starts while the old one runs, and both may write to ${what}${why === undefined ? '' : ` (${why})`}; write strategy: {type: Recreate}, which is an outage in each update${state.byImage ? '' : ', unless the app is made for it'}`;
  const place = { object, path: [...POD, 'volumes', index] };
  return [{ place, message, patch: RECREATE, ...(!state.byImage && { severity: 'info' as const }) }];
}

function surgeCannotAttach(workload: Workload, context: Context): Problem[] {
  const { autoscaler } = context;
  const { object, name, rollout, state } = workload;
  const replicas = Math.max(workload.replicas ?? 0, (autoscaler && maximumOf(autoscaler.value)) ?? 0);
  if (object.value.kind !== 'Deployment' || rollout.type !== 'RollingUpdate') return [];
  const volume = state.volumes.find(({ access }) => access !== 'shared');
  if (!volume || !(replicas > 1 || startsNewPodsFirst(workload))) return [];
  const { what, access } = volume;
  const oneNode = oneNodeOf(workload) !== undefined;
  if (access === 'node' && oneNode) return [];
  // Another rule reports a claim of several workloads.
  if (access !== 'unknown' && sharersOf(volume, workload, context).length > 0) return [];
  const place = { object, path: [...POD, 'volumes', volume.index] };
  if (access === 'unknown') {
    const message = `${name}: ${what} is not in this input: if it is ReadWriteOnce, a new pod on another node cannot attach it while an old pod runs, and the rollout hangs`;
    return [{ place, message, severity: 'info' }];
  }
  const mode = access === 'pod' ? 'ReadWriteOncePod' : 'ReadWriteOnce';
  if (replicas > 1) {
    const message = `${name}: ${autoscaler ? 'up to ' : ''}${replicas} replicas share ${what}, which is ${mode}: ${access === 'pod' ? 'only one of them can start' : 'pods on other nodes cannot start'}, and a rollout hangs on them; use a ReadWriteMany volume, or a StatefulSet with a claim for each pod`;
    return [{ place, message, ...(access === 'pod' && { severity: 'error' as const }) }];
  }
  const where = access === 'pod' ? 'a new pod' : 'a new pod on another node';
  const beside = state.byImage && access === 'node' ? ', and one on the same node writes to the same files' : '';
  const instead = state.byImage ? '' : ', or use a ReadWriteMany volume';
  const message = `${name}: ${what} is ${mode}, and maxUnavailable is 0: ${where} cannot attach it while the old pod runs, so the rollout hangs${beside}; write strategy: {type: Recreate}, which is an outage in each update${instead}`;
  return [{ place, message, patch: RECREATE, ...(access === 'pod' && { severity: 'error' as const }) }];
}
