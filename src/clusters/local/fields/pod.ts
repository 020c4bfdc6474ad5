/** The fields of a pod template. */
import { CONTAINER, INIT_CONTAINER } from './container.ts';
import { onePodPerNode } from './host-ports.ts';
import { POD_METADATA } from './metadata.ts';
import { all, carriedOut, type FieldTree, noEffect, refused } from './policy.ts';

const PLACEMENT = noEffect('placement: the two simulated nodes take every pod');
const IDENTITY = noEffect('it says what the pod may do, not when it starts, serves and stops');
const DNS = noEffect('names are resolved by this machine');
const NOT_IN_TEMPLATES = refused('the API server refuses it in the template of a workload');
const NOT_PID_1 = 'the server is not PID 1, so that a signal that it does not handle ends it';

const POD_SPEC: FieldTree = {
  containers: CONTAINER,
  initContainers: INIT_CONTAINER,
  terminationGracePeriodSeconds: carriedOut()
    .except('0', (value) => value === 0, 'a pod is deleted at once, without SIGTERM')
    .except('below 0', (value) => Number(value) < 0, 'the API server turns it into 1'),
  os: {
    name: carriedOut().except('another than linux', (value) => value !== 'linux', 'processes of this machine run'),
  },
  restartPolicy: carriedOut().except(
    'another than Always',
    (value) => value !== 'Always',
    'the API server refuses it in the template of a workload',
  ),
  readinessGates: refused('another program, such as the controller of a load balancer, decides when the pod is ready'),
  schedulingGates: refused('the pods wait until another program removes the gates'),
  hostNetwork: onePodPerNode('pods on one node share its ports, so that a surge waits for a free node', false),
  ...all(refused(NOT_PID_1).unless(false), 'hostPID', 'shareProcessNamespace'),
  ...all(NOT_IN_TEMPLATES, 'activeDeadlineSeconds', 'ephemeralContainers'),
  ...all(
    PLACEMENT,
    'affinity',
    'nodeName',
    'nodeSelector',
    'overhead',
    'preemptionPolicy',
    'priority',
    'priorityClassName',
    'resourceClaims',
    'resources',
    'schedulingGroup',
    'schedulerName',
    'tolerations',
    'topologySpreadConstraints',
  ),
  ...all(
    IDENTITY,
    'automountServiceAccountToken',
    'hostIPC',
    'hostUsers',
    'imagePullSecrets',
    'runtimeClassName',
    'securityContext',
    'serviceAccount',
    'serviceAccountName',
  ),
  ...all(
    DNS,
    'dnsConfig',
    'dnsPolicy',
    'hostAliases',
    'hostname',
    'hostnameOverride',
    'setHostnameAsFQDN',
    'subdomain',
  ),
  evictionResponders: noEffect(
    'an eviction here uses the Eviction subresource, as kubectl drain does, which asks no responder',
  ),
  enableServiceLinks: noEffect('the variables of other Services are not set here'),
  volumes: noEffect('a command that runs in place of the image uses the files of this machine'),
};

export const POD_TEMPLATE: FieldTree = { metadata: POD_METADATA, spec: POD_SPEC };
