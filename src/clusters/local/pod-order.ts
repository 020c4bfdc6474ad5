/**
 * The order in which a kubelet starts and stops the containers of a pod. Sources: computeInitContainerActions and
 * killContainersWithSyncResult in the kubelet (pkg/kubelet/kuberuntime), terminationOrdering, KEP-753.
 */

export type ContainerRole = 'app' | 'init' | 'sidecar';

export interface OrderedContainer {
  readonly role: ContainerRole;
  /** Resolves when its process runs and its postStart hook has ended. */
  start(): Promise<void>;
  /** Resolves when the kubelet sees that an init container has completed, or that a sidecar has started. */
  readonly passed: Promise<void>;
  /** @param turn the stop signal waits for it, within the grace period */
  stop(turn?: Promise<unknown>): Promise<void>;
}

/**
 * Starts init containers and native sidecars one after the other in their order, then the app's containers in theirs. A
 * container waits for the postStart hook of the one before it.
 * @param ending whether the pod is terminating or removed
 * @param ended resolves when it is
 */
export async function startInOrder(
  containers: readonly OrderedContainer[],
  ending: () => boolean,
  ended: Promise<unknown>,
): Promise<void> {
  const initial = containers.filter(({ role }) => role !== 'app');
  for (const container of initial) {
    if (ending()) return;
    await container.start();
    await Promise.race([container.passed, ended]);
  }
  for (const container of containers.filter(({ role }) => role === 'app')) {
    if (ending()) return;
    await container.start();
  }
}

/**
 * Stops all containers at the same time, each with its own grace period, except that a native sidecar gets its stop
 * signal after all of the app's containers and the sidecars that started after it have ended. Its hook does not wait.
 */
export async function stopInOrder(containers: readonly OrderedContainer[]): Promise<void> {
  const others = containers.filter(({ role }) => role !== 'sidecar').map((container) => container.stop());
  let before: Promise<unknown> = Promise.all(others);
  for (const sidecar of containers.filter(({ role }) => role === 'sidecar').reverse()) {
    const turn = before;
    before = Promise.all([turn, sidecar.stop(turn)]);
  }
  await before;
}
