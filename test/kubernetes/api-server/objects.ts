/** Minimal objects for the API server for tests: a pod in its states, EndpointSlices, events. */
import { GATEWAY_NAME } from '../../../src/clusters/kubernetes/gateways/objects.ts';
import type { ApiServer } from './server.ts';
import { type WrittenObject, wholeSeconds } from './store.ts';

export const NAMESPACE = 'ns';

export interface PodState {
  uid?: string;
  /** Undefined before its container has started. */
  startedAt?: string;
  ready?: boolean;
  deletedAt?: string;
  restarts?: number;
  /** The container has ended. */
  terminated?: { exitCode: number; finishedAt?: string };
  waiting?: { reason: string; message?: string };
  phase?: string;
  node?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  container?: string;
  ports?: number[];
  namespace?: string;
}

/** The address of a pod whose name ends in a number. */
export function addressOf(name: string): string {
  return `10.0.0.${/\d+$/.exec(name)?.[0] ?? 0}`;
}

export function podObject(name: string, state: PodState = {}): WrittenObject {
  const { ready = false, terminated, waiting, container = 'web', labels = { app: 'web' } } = state;
  const { namespace = NAMESPACE, node = 'node1', ports = [8080] } = state;
  const running = { running: { startedAt: state.startedAt } };
  const other = waiting ? { waiting } : { waiting: { reason: 'ContainerCreating' } };
  const now = terminated ? { terminated } : state.startedAt ? running : other;
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }],
      ...(state.annotations ? { annotations: state.annotations } : {}),
      ...(state.uid ? { uid: state.uid } : {}),
      ...(state.deletedAt ? { deletionTimestamp: state.deletedAt, deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: {
      nodeName: node,
      containers: [{ name: container, image: 'web:1', ports: ports.map((containerPort) => ({ containerPort })) }],
    },
    status: {
      podIPs: [{ ip: addressOf(name) }],
      phase: state.phase ?? (state.startedAt ? 'Running' : 'Pending'),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        { name: container, image: 'web:1', ready, restartCount: state.restarts ?? 0, state: now, lastState: {} },
      ],
    },
  };
}

export function readyPod(name: string, state: PodState = {}): WrittenObject {
  return podObject(name, { startedAt: wholeSeconds(), ready: true, ...state });
}

export interface Endpoint {
  uid: string;
  ready?: boolean;
  terminating?: boolean;
}

/** The EndpointSlice of the Service `web`. Without endpoints the field is null, as Go writes an empty slice. */
export function sliceObject(endpoints: readonly Endpoint[], namespace = NAMESPACE, service = 'web'): WrittenObject {
  return {
    kind: 'EndpointSlice',
    metadata: { name: `${service}-x`, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints:
      endpoints.length === 0
        ? null
        : endpoints.map(({ uid, ready = true, terminating = false }) => ({
            addresses: ['10.0.0.1'],
            targetRef: { kind: 'Pod', uid },
            conditions: { ready: ready && !terminating, serving: ready, terminating },
          })),
    ports: [{ port: 8080 }],
  };
}

/** The slice for the existing pods. */
export function updateSlice(server: ApiServer, namespace = NAMESPACE, service = 'web'): void {
  const pods = server.store.list(
    { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
    namespace,
  );
  const endpoints = pods
    .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] !== GATEWAY_NAME)
    .filter(({ metadata }) => metadata.labels?.app === 'web' || metadata.labels?.['app.kubernetes.io/name'])
    .map(({ metadata, status }) => ({
      uid: metadata.uid ?? '',
      ready: status?.conditions?.[0]?.status === 'True',
      terminating: metadata.deletionTimestamp !== undefined,
    }));
  server.store.put(sliceObject(endpoints, namespace, service));
}

let events = 0;
export function warning(
  reason: string,
  message: string,
  involvedObject: { kind: string; name: string; uid?: string },
  namespace = NAMESPACE,
): WrittenObject {
  const metadata = { name: `event-${++events}`, namespace };
  return { kind: 'Event', metadata, type: 'Warning', reason, message, involvedObject };
}
