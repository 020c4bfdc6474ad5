/** The fields of a container. */
import { constants } from 'node:os';
import { onePodPerNode } from './host-ports.ts';
import { all, carriedOut, type FieldTree, noEffect, refused } from './policy.ts';

const STAND_IN = noEffect('a command of this machine runs in place of the image');
const PRIVILEGES = noEffect('privileges do not change when a server starts, serves and stops');
const RESOURCES = noEffect('servers run here without limits; they only place and bound a pod');
const FILES = noEffect(
  'a command that runs in place of the image uses the files of this machine, unless --mount names a folder',
);
const ATTACHED = noEffect('nobody attaches to the container');
const ELSEWHERE = refused('it asks another host than the pod');

const HTTP_GET: FieldTree = {
  ...all(carriedOut(), 'path', 'port', 'scheme'),
  httpHeaders: all(carriedOut(), 'name', 'value'),
  host: ELSEWHERE,
  // Kubernetes 1.37
  protocol: refused('HTTP/2 is not spoken here').unless('HTTP1'),
};

const PROBE: FieldTree = {
  exec: { command: carriedOut() },
  // mode: Kubernetes 1.37
  grpc: { ...all(carriedOut(), 'port', 'service'), mode: refused('probes do not use TLS here').unless('Plaintext') },
  httpGet: HTTP_GET,
  tcpSocket: { port: carriedOut(), host: ELSEWHERE },
  ...all(
    carriedOut(),
    'failureThreshold',
    'initialDelaySeconds',
    'periodSeconds',
    'successThreshold',
    'timeoutSeconds',
  ),
  terminationGracePeriodSeconds: carriedOut(),
};

const HOOK: FieldTree = {
  exec: { command: carriedOut() },
  httpGet: HTTP_GET,
  sleep: { seconds: carriedOut() },
  tcpSocket: refused('the kubelet does not support it: such a hook fails at once'),
};

const LIFECYCLE: FieldTree = {
  ...all(HOOK, 'postStart', 'preStop'),
  stopSignal: carriedOut().except(
    'real-time signals',
    (value) => !(String(value) in constants.signals),
    'Node cannot send real-time signals',
  ),
};

const KEY_OF_OBJECT = carriedOut('from an object of the input');

const ENVIRONMENT: FieldTree = {
  env: {
    ...all(carriedOut(), 'name', 'value'),
    valueFrom: {
      configMapKeyRef: all(KEY_OF_OBJECT, 'name', 'key', 'optional'),
      secretKeyRef: all(KEY_OF_OBJECT, 'name', 'key', 'optional'),
      fieldRef: { apiVersion: noEffect('there is one version'), fieldPath: carriedOut() },
      resourceFieldRef: all(carriedOut(), 'containerName', 'divisor', 'resource'),
      fileKeyRef: refused('the variable comes from a file of a volume'),
    },
  },
  envFrom: {
    prefix: carriedOut(),
    configMapRef: all(KEY_OF_OBJECT, 'name', 'optional'),
    secretRef: all(KEY_OF_OBJECT, 'name', 'optional'),
  },
};

const PORTS: FieldTree = {
  ...all(carriedOut(), 'containerPort', 'name'),
  protocol: noEffect('requests use TCP'),
  hostPort: onePodPerNode('two pods with one host port do not fit on a node, so that a surge waits for a free node', 0),
  hostIP: noEffect('it belongs to hostPort'),
};

export const CONTAINER: FieldTree = {
  name: carriedOut(),
  ...all(STAND_IN, 'image', 'imagePullPolicy'),
  ...all(carriedOut('if its program is on this machine; else with --exec'), 'command', 'args'),
  workingDir: carriedOut('if --mount covers it; otherwise a command starts in your working directory'),
  ...ENVIRONMENT,
  ports: PORTS,
  lifecycle: LIFECYCLE,
  ...all(PROBE, 'livenessProbe', 'readinessProbe', 'startupProbe'),
  ...all(RESOURCES, 'resources', 'resizePolicy'),
  restartPolicy: refused('a container of its own restart policy').unless('Always'),
  restartPolicyRules: refused('rules for restarts'),
  securityContext: PRIVILEGES,
  ...all(ATTACHED, 'stdin', 'stdinOnce', 'tty'),
  ...all(
    noEffect('it is for people who look at ended containers'),
    'terminationMessagePath',
    'terminationMessagePolicy',
  ),
  ...all(FILES, 'volumeMounts', 'volumeDevices'),
};

/** With `restartPolicy: Always` it is a native sidecar. */
export const INIT_CONTAINER: FieldTree = {
  ...CONTAINER,
  restartPolicy: carriedOut('Always: a native sidecar').except(
    'another than Always',
    (value) => value !== 'Always',
    'its restarts are not simulated',
  ),
};
