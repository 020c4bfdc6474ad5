/**
 * The objects that run k6 within a cluster: its script and request mix, and an Indexed Job with one pod per segment.
 * Pure.
 */
import type { V1ConfigMap, V1Job } from '@kubernetes/client-node';
import type { RequestMix } from '../request-mix.ts';

export const LOAD_NAME = 'rollout-test-load';
export const LOAD_CONTAINER = 'k6';
/** The label that the Job controller sets on its pods. */
export const LOAD_SELECTOR = `batch.kubernetes.io/job-name=${LOAD_NAME}`;
export const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index';
/** k6's REST API. */
export const API_PORT = 6565;
const FOLDER = '/load';

export interface LoadJob {
  namespace: string;
  image: string;
  /** The number of pods that share the load. */
  pods: number;
  url: string;
  /** As in a target. */
  virtualHost?: string | undefined;
  requestMix: RequestMix;
  /** The text of loadtest.js. */
  script: string;
  /** The load ends on its own after this time. */
  maxDurationMs: number;
}

export function loadConfigMap({ namespace, requestMix, script }: LoadJob): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: LOAD_NAME, namespace },
    data: { 'loadtest.js': script, 'workload.json': JSON.stringify(requestMix) },
  };
}

/**
 * Runs each pod once, under the restricted Pod Security Standard. A failed pod is not replaced; its share of the load
 * is lost.
 */
export function loadJob({ namespace, image, pods, url, virtualHost, maxDurationMs }: LoadJob): V1Job {
  const script = {
    URL: url,
    ...(virtualHost !== undefined && { HOST: virtualHost }),
    DURATION: `${maxDurationMs}ms`,
    WORKLOAD: `${FOLDER}/workload.json`,
    OUT: '-',
    REQUEST_LOG: 'all',
    SEGMENTS: String(pods),
    SEGMENT: '$(JOB_COMPLETION_INDEX)',
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: LOAD_NAME, namespace },
    spec: {
      completionMode: 'Indexed',
      completions: pods,
      parallelism: pods,
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(maxDurationMs / 1000) + 60,
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': LOAD_NAME } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 12345,
            runAsGroup: 12345,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: LOAD_CONTAINER,
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [
                'run',
                '--quiet',
                '--no-usage-report',
                ...['--address', `:${API_PORT}`],
                ...['--log-output', 'stderr', '--log-format', 'raw'],
                '--include-system-env-vars=false',
                ...Object.entries(script).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
                `${FOLDER}/loadtest.js`,
              ],
              volumeMounts: [{ name: 'load', mountPath: FOLDER, readOnly: true }],
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
          volumes: [{ name: 'load', configMap: { name: LOAD_NAME } }],
        },
      },
    },
  };
}
