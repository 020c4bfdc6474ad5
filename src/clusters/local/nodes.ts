/** The simulated nodes of the local cluster. */
export const NODES: readonly string[] = ['node1', 'node2'];
