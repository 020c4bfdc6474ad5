/** The kinds of objects beside the workload and its Service. */

export interface KindPolicy {
  /** What is read of it. Undefined: it has no effect here. */
  read?: string;
  /** Why the rest of it has no effect, as part of a sentence. */
  why: string;
  /** The rest of it could change the result of a real cluster, so that the user is told. */
  leavesOut?: true;
}

const ROUTE: KindPolicy = {
  read: 'the Services that it leads to',
  why: 'requests are sent to that Service directly, so that what the gateway adds is not measured',
  leavesOut: true,
};
const AUTOSCALER: KindPolicy = {
  read: 'the fewest replicas that it keeps',
  why: 'the number of replicas stays the same during a trial',
};
const ENVIRONMENT: KindPolicy = {
  read: 'the variables that containers take from it',
  why: 'its files are not mounted',
};
const STORAGE = { why: 'the pods have no volumes here' };
const PERMISSION = { why: 'it says what pods and people may do' };
const OTHER_PODS = { why: 'its pods do not run here' };
const NETWORK = { why: 'connections on this machine are not filtered' };
const MONITORING = { why: 'nothing monitors the pods here' };
const ADMISSION: KindPolicy = {
  why: 'admission does not run here; on a real cluster it may change the pods',
  leavesOut: true,
};
const SERVER = { why: 'it configures the API server or another program of the cluster' };
const SCHEDULING = { why: 'the two simulated nodes take every pod' };

/** By group and kind; the core group has no name. Of a group that is not here, every kind belongs to a program that does not run here. */
export const KINDS: Readonly<Record<string, KindPolicy>> = {
  Namespace: { why: 'it only holds other objects' },
  ConfigMap: ENVIRONMENT,
  Secret: ENVIRONMENT,
  Service: { why: 'requests are sent to the selected Service' },
  Endpoints: { why: 'the endpoints follow from the pods' },
  'discovery.k8s.io/EndpointSlice': { why: 'the endpoints follow from the pods' },
  Pod: OTHER_PODS,
  PodTemplate: OTHER_PODS,
  ReplicationController: OTHER_PODS,
  ServiceAccount: PERMISSION,
  PersistentVolume: STORAGE,
  PersistentVolumeClaim: STORAGE,
  LimitRange: { why: 'servers run here without limits' },
  ResourceQuota: { why: 'servers run here without limits' },
  Node: SCHEDULING,
  Event: { why: 'it reports what happened elsewhere' },
  ComponentStatus: MONITORING,
  'events.k8s.io/Event': { why: 'it reports what happened elsewhere' },
  'apps/Deployment': OTHER_PODS,
  'apps/StatefulSet': OTHER_PODS,
  'apps/DaemonSet': OTHER_PODS,
  'apps/ReplicaSet': OTHER_PODS,
  'apps/ControllerRevision': { why: 'it is the history of another workload' },
  'batch/Job': OTHER_PODS,
  'batch/CronJob': OTHER_PODS,
  'autoscaling/HorizontalPodAutoscaler': AUTOSCALER,
  'keda.sh/ScaledObject': AUTOSCALER,
  'policy/PodDisruptionBudget': { read: 'how many pods an eviction must leave', why: 'a rollout does not evict pods' },
  'networking.k8s.io/Ingress': ROUTE,
  'extensions/Ingress': ROUTE,
  'gateway.networking.k8s.io/HTTPRoute': ROUTE,
  'gateway.networking.k8s.io/GRPCRoute': ROUTE,
  'gateway.networking.k8s.io/TLSRoute': ROUTE,
  'gateway.networking.k8s.io/TCPRoute': ROUTE,
  'route.openshift.io/Route': ROUTE,
  'traefik.io/IngressRoute': ROUTE,
  'traefik.containo.us/IngressRoute': ROUTE,
  'projectcontour.io/HTTPProxy': ROUTE,
  'networking.istio.io/VirtualService': ROUTE,
  'networking.k8s.io/IngressClass': NETWORK,
  'networking.k8s.io/NetworkPolicy': NETWORK,
  'networking.k8s.io/IPAddress': NETWORK,
  'networking.k8s.io/ServiceCIDR': NETWORK,
  'rbac.authorization.k8s.io/Role': PERMISSION,
  'rbac.authorization.k8s.io/RoleBinding': PERMISSION,
  'rbac.authorization.k8s.io/ClusterRole': PERMISSION,
  'rbac.authorization.k8s.io/ClusterRoleBinding': PERMISSION,
  'scheduling.k8s.io/PriorityClass': SCHEDULING,
  'node.k8s.io/RuntimeClass': SCHEDULING,
  'storage.k8s.io/CSIDriver': STORAGE,
  'storage.k8s.io/CSINode': STORAGE,
  'storage.k8s.io/CSIStorageCapacity': STORAGE,
  'storage.k8s.io/StorageClass': STORAGE,
  'storage.k8s.io/VolumeAttachment': STORAGE,
  'storage.k8s.io/VolumeAttributesClass': STORAGE,
  'resource.k8s.io/DeviceClass': SCHEDULING,
  'resource.k8s.io/DeviceTaintRule': SCHEDULING,
  'resource.k8s.io/ResourceClaim': SCHEDULING,
  'resource.k8s.io/ResourceClaimTemplate': SCHEDULING,
  'resource.k8s.io/ResourceSlice': SCHEDULING,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': ADMISSION,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': ADMISSION,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': ADMISSION,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': ADMISSION,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': ADMISSION,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': ADMISSION,
  'apiregistration.k8s.io/APIService': SERVER,
  'flowcontrol.apiserver.k8s.io/FlowSchema': SERVER,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': SERVER,
  'certificates.k8s.io/CertificateSigningRequest': PERMISSION,
  'certificates.k8s.io/ClusterTrustBundle': PERMISSION,
  'certificates.k8s.io/PodCertificateRequest': PERMISSION,
  'coordination.k8s.io/Lease': { why: 'the programs that share it do not run here' },
  'apiextensions.k8s.io/CustomResourceDefinition': { why: 'it only defines other objects' },
};

const CUSTOM = { why: 'the program that acts on it does not run here' };

/** The policy of a kind that plays another part than the workload and its Service. */
export function kindPolicy(groupKind: string): KindPolicy {
  return (Object.hasOwn(KINDS, groupKind) ? KINDS[groupKind] : undefined) ?? CUSTOM;
}
