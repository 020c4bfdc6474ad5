/**
 * API versions that no current API server has. Source: the deprecated API migration guide,
 * https://kubernetes.io/docs/reference/using-api/deprecation-guide/, and for alpha versions the changelogs of Kubernetes.
 * CustomResourceDefinition is left out: all of them would have to be parsed.
 */

export interface RemovedVersion {
  /** The first version of Kubernetes without it. */
  since: string;
  /** The API version to write; undefined if the kind is gone altogether. */
  instead?: string;
  /** What takes its place, if the kind is gone. */
  successor?: string;
}

const POD_SECURITY = 'label namespaces for Pod Security admission';
const WORKLOADS: RemovedVersion = { since: '1.16', instead: 'apps/v1' };

const RBAC = 'rbac.authorization.k8s.io';

const REMOVED: ReadonlyMap<string, RemovedVersion> = new Map<string, RemovedVersion>([
  ['extensions/v1beta1 Deployment', WORKLOADS],
  ['extensions/v1beta1 DaemonSet', WORKLOADS],
  ['extensions/v1beta1 ReplicaSet', WORKLOADS],
  ['apps/v1beta1 Deployment', WORKLOADS],
  ['apps/v1beta1 StatefulSet', WORKLOADS],
  ['apps/v1beta2 Deployment', WORKLOADS],
  ['apps/v1beta2 StatefulSet', WORKLOADS],
  ['apps/v1beta2 DaemonSet', WORKLOADS],
  ['apps/v1beta2 ReplicaSet', WORKLOADS],
  ['autoscaling/v2beta1 HorizontalPodAutoscaler', { since: '1.25', instead: 'autoscaling/v2' }],
  ['autoscaling/v2beta2 HorizontalPodAutoscaler', { since: '1.26', instead: 'autoscaling/v2' }],
  ['policy/v1beta1 PodDisruptionBudget', { since: '1.25', instead: 'policy/v1' }],
  ['extensions/v1beta1 Ingress', { since: '1.22', instead: 'networking.k8s.io/v1' }],
  ['networking.k8s.io/v1beta1 Ingress', { since: '1.22', instead: 'networking.k8s.io/v1' }],
  ['discovery.k8s.io/v1beta1 EndpointSlice', { since: '1.25', instead: 'discovery.k8s.io/v1' }],
  ['extensions/v1beta1 NetworkPolicy', { since: '1.16', instead: 'networking.k8s.io/v1' }],
  ['networking.k8s.io/v1beta1 IngressClass', { since: '1.22', instead: 'networking.k8s.io/v1' }],
  ['scheduling.k8s.io/v1beta1 PriorityClass', { since: '1.22', instead: 'scheduling.k8s.io/v1' }],
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map(
    (kind) => [`${RBAC}/v1beta1 ${kind}`, { since: '1.22', instead: `${RBAC}/v1` }] as const,
  ),
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map(
    (kind) =>
      [
        `admissionregistration.k8s.io/v1beta1 ${kind}`,
        { since: '1.22', instead: 'admissionregistration.k8s.io/v1' },
      ] as const,
  ),
  ['apiregistration.k8s.io/v1beta1 APIService', { since: '1.22', instead: 'apiregistration.k8s.io/v1' }],
  ...['StorageClass', 'CSIDriver', 'CSINode', 'VolumeAttachment'].map(
    (kind) => [`storage.k8s.io/v1beta1 ${kind}`, { since: '1.22', instead: 'storage.k8s.io/v1' }] as const,
  ),
  ['node.k8s.io/v1beta1 RuntimeClass', { since: '1.25', instead: 'node.k8s.io/v1' }],
  ['policy/v1beta1 PodSecurityPolicy', { since: '1.25', successor: POD_SECURITY }],
  ['extensions/v1beta1 PodSecurityPolicy', { since: '1.16', successor: POD_SECURITY }],
  ['settings.k8s.io/v1alpha1 PodPreset', { since: '1.20' }],
  [
    'auditregistration.k8s.io/v1alpha1 AuditSink',
    { since: '1.19', successor: 'start the API server with --audit-policy-file and --audit-webhook-config-file' },
  ],
  ['batch/v2alpha1 CronJob', { since: '1.21', instead: 'batch/v1' }],
  ['batch/v1beta1 CronJob', { since: '1.25', instead: 'batch/v1' }],
]);

/** Undefined if this API version of the kind was not removed, or is not known here. */
export function removedVersion(apiVersion: string, kind: string): RemovedVersion | undefined {
  return REMOVED.get(`${apiVersion} ${kind}`);
}

/** The kinds of which an API version was removed. */
export const KINDS_WITH_REMOVED_VERSIONS: ReadonlySet<string> = new Set(
  [...REMOVED.keys()].map((key) => key.split(' ')[1] ?? ''),
);
