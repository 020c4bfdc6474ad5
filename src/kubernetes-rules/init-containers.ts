/**
 * The containers of a pod by how long they run. An init container with `restartPolicy: Always` is a native sidecar: it
 * starts in its turn among the init containers and stays (KEP-753, stable in Kubernetes 1.33).
 */
interface WithPolicy {
  restartPolicy?: string | undefined;
}

interface Containers<C> {
  initContainers?: readonly C[] | undefined;
  containers: readonly C[];
}

/** Whether this init container stays for as long as the pod. */
export function isSidecar({ restartPolicy }: WithPolicy): boolean {
  return restartPolicy === 'Always';
}

/** The containers that run as long as the pod: its containers, then its native sidecars. */
export function lastingContainers<C extends WithPolicy>({ initContainers = [], containers }: Containers<C>): C[] {
  return [...containers, ...initContainers.filter(isSidecar)];
}
