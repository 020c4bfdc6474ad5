/** The Deployment and the Service that the flags of `run` describe. */
import { type Manifests, manifestsOf } from '../manifests/manifests.ts';

/**
 * Settings that are not given have Kubernetes' defaults, except replicas: with a single replica there is hardly a
 * rolling update.
 */
export interface DeploymentSettings {
  replicas?: number | undefined;
  graceSeconds?: number | undefined;
  preStopSeconds?: number | undefined;
  maxSurge?: number | string | undefined;
  maxUnavailable?: number | string | undefined;
  /** The path of the readiness probe. Without it, the pod is ready once its port accepts connections. */
  readyPath?: string | undefined;
}

const DEFAULT_REPLICAS = 3;
const NAME = 'own-service';
/** The container's port. The local cluster gives each pod an address of its own instead. */
const CONTAINER_PORT = 8080;
export const OWN_CONTAINER = 'app';
/** A command that is not ready by then will not become ready. */
const PROGRESS_DEADLINE_S = 120;

/** @throws InputError if the settings do not make valid objects */
export function deploymentFromSettings(settings: DeploymentSettings): Manifests {
  const labels = { 'app.kubernetes.io/name': NAME };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME },
    spec: {
      replicas: settings.replicas ?? DEFAULT_REPLICAS,
      progressDeadlineSeconds: PROGRESS_DEADLINE_S,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: limits(settings) },
      template: { metadata: { labels }, spec: podSpec(settings) },
    },
  };
  return manifestsOf([service, deployment], 'the flags');
}

function limits({ maxSurge, maxUnavailable }: DeploymentSettings) {
  return { ...(maxSurge !== undefined && { maxSurge }), ...(maxUnavailable !== undefined && { maxUnavailable }) };
}

function podSpec({ graceSeconds, preStopSeconds, readyPath }: DeploymentSettings) {
  const check =
    readyPath === undefined ? { tcpSocket: { port: 'http' } } : { httpGet: { path: readyPath, port: 'http' } };
  return {
    ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
    containers: [
      {
        name: OWN_CONTAINER,
        ports: [{ name: 'http', containerPort: CONTAINER_PORT }],
        readinessProbe: { ...check, periodSeconds: 1 },
        ...(preStopSeconds !== undefined && { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }),
      },
    ],
  };
}
