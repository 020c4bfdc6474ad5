/**
 * Kills a container with SIGKILL, as a crash or the OOM killer does. The API has no call for that, and PID 1 cannot be
 * killed from within its own PID namespace. So a pod that sees all processes of the node does it, with the shell of the
 * image that is to be killed, because that image is on the node.
 */
import type { V1Pod } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { delay } from '../../timers.ts';
import { apiError, apiStatus, type KubernetesApi, unlessAborted } from './api.ts';
import type { DisruptedWorkload } from './disrupted-workload.ts';

const POLL_MS = 500;
const LIMIT_MS = 60_000;

/**
 * Kills the process that is PID 1 of its namespace and whose cgroup has the container's id. Only builtins of a POSIX
 * shell.
 */
const SCRIPT = `
found=1
for p in /proc/[0-9]*; do
  pid=\${p#/proc/}; own=; last=
  { while read -r key value; do case "$key" in NSpid:) last=\${value##*[!0-9]};; esac; done < "$p/status"; } 2>/dev/null
  [ "$last" = 1 ] && [ "$pid" != 1 ] || continue
  { while read -r line; do case "$line" in *"$CONTAINER_ID"*) own=1;; esac; done < "$p/cgroup"; } 2>/dev/null
  [ "$own" = 1 ] || continue
  kill -KILL "$pid" && found=0
done
exit $found
`;

/** @throws EnvironmentError if the cluster refuses the pod, or if the container was not found */
export async function killContainer(pod: V1Pod, workload: DisruptedWorkload): Promise<void> {
  const { api, signal, cleanUps, observer, privilegedNamespace } = workload;
  const { status, image } = servingStatus(pod, observer.pods.servedBy);
  const namespace = await privilegedNamespace();
  const name = `kill-${pod.metadata?.uid?.slice(0, 13)}`;
  cleanUps.push(() => deleteKiller(api, name, namespace));
  const refused = (error: unknown) => {
    signal.throwIfAborted();
    throw apiError(error, `create the privileged pod ${name} that kills a container`, api);
  };
  const body = killer(name, pod.spec?.nodeName ?? '', image, containerId(status?.containerID ?? ''));
  await unlessAborted(signal, api.core.createNamespacedPod({ namespace, body })).catch(refused);
  const startedMs = performance.now();
  for (;;) {
    const { status } = await unlessAborted(signal, api.core.readNamespacedPod({ name, namespace })).catch(refused);
    if (status?.phase === 'Succeeded') return;
    const state = status?.containerStatuses?.[0]?.state;
    const why = state?.terminated?.message ?? state?.waiting?.message ?? state?.waiting?.reason ?? status?.phase;
    if (status?.phase === 'Failed' || performance.now() - startedMs > LIMIT_MS) {
      throw new EnvironmentError(
        `--event restart: the pod that kills a container of ${pod.metadata?.name} did not find it: ${why}; it needs a shell in the image ${image}; or use --trigger with a command of your own`,
      );
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function deleteKiller(api: KubernetesApi, name: string, namespace: string): Promise<void> {
  try {
    await api.core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
  } catch (error) {
    if (apiStatus(error) !== 404) throw apiError(error, `delete the privileged pod ${name} in ${namespace}`, api);
  }
}

function servingStatus({ spec, status }: V1Pod, container: string) {
  return {
    status: status?.containerStatuses?.find(({ name }) => name === container),
    image: spec?.containers.find(({ name }) => name === container)?.image ?? '',
  };
}

/** "containerd://0123" → "0123" */
function containerId(text: string): string {
  return text.replace(/^.*:\/\//, '');
}

function killer(name: string, nodeName: string, image: string, id: string): V1Pod {
  return {
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'k8s-rollout-test' } },
    spec: {
      nodeName,
      hostPID: true,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'kill',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/sh', '-c', SCRIPT],
          env: [{ name: 'CONTAINER_ID', value: id }],
          securityContext: { privileged: true, runAsUser: 0, runAsNonRoot: false },
        },
      ],
    },
  };
}
