/** A test cluster may give pods no way to its API server: `kubernetes` in `default` without an endpoint. */
import { DiscoveryV1Api } from '@kubernetes/client-node';
import type { KubernetesApi } from '../src/clusters/kubernetes/api.ts';

/** Gives them one until the test has ended, where there is none. */
export async function reachableFromPods(t: { after(cleanUp: () => unknown): void }, api: KubernetesApi): Promise<void> {
  const discovery = api.client(DiscoveryV1Api);
  const namespace = 'default';
  const labels = { 'kubernetes.io/service-name': 'kubernetes' };
  const { items } = await discovery.listNamespacedEndpointSlice({
    namespace,
    labelSelector: 'kubernetes.io/service-name=kubernetes',
  });
  if (items.some(({ endpoints }) => (endpoints ?? []).length > 0)) return;
  const { hostname, port } = new URL(api.server);
  const name = 'kubernetes-from-tests';
  await discovery.createNamespacedEndpointSlice({
    namespace,
    body: {
      metadata: { name, labels },
      addressType: 'IPv4',
      endpoints: [{ addresses: [hostname], conditions: { ready: true } }],
      ports: [{ name: 'https', port: Number(port), protocol: 'TCP' }],
    },
  });
  t.after(() => discovery.deleteNamespacedEndpointSlice({ namespace, name }));
}
