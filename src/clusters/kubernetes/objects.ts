/** The objects to apply in a trial's namespace, and the address of its Service. */
import type { KubernetesObject } from '@kubernetes/client-node';
import { EnvironmentError, InputError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { apiError, type KubernetesApi } from './api.ts';

export interface Placement {
  namespace: string;
  imagePrefix?: string;
  url?: string;
}

export type ApplicableObject = KubernetesObject & { metadata: { name: string; namespace: string } };

/**
 * All objects of the manifests, in the namespace and with prefixed images. The Service becomes a NodePort if the URL
 * needs one.
 */
export function objectsFor(manifests: Manifests, { namespace, imagePrefix, url }: Placement): ApplicableObject[] {
  return manifests.objects
    .filter(({ kind }) => kind !== 'Namespace')
    .map((object) => {
      const { metadata, ...rest } = structuredClone(object);
      const copy: ApplicableObject & { spec?: Record<string, unknown> } = {
        ...rest,
        metadata: { ...metadata, namespace },
      };
      if (imagePrefix !== undefined && copy.kind === 'Deployment') prefixImages(copy, imagePrefix);
      if (url?.includes('{nodePort}') && copy.kind === 'Service') copy.spec = { ...copy.spec, type: 'NodePort' };
      return copy;
    });
}

function prefixImages(deployment: unknown, prefix: string): void {
  const { containers } = (deployment as { spec: { template: { spec: { containers: { image?: string }[] } } } }).spec
    .template.spec;
  for (const container of containers) {
    if (container.image) container.image = prefixed(container.image, prefix);
  }
}

export function prefixed(image: string, prefix: string | undefined): string {
  return prefix === undefined ? image : `${prefix.replace(/\/$/, '')}/${image}`;
}

/**
 * The address of a Service within the cluster.
 * @throws EnvironmentError if it has none
 */
export async function serviceAddress(
  api: KubernetesApi,
  namespace: string,
  name: string,
): Promise<{ host: string; port: number; nodePort: number | undefined }> {
  const live = await api.core.readNamespacedService({ name, namespace }).catch((error: unknown) => {
    throw apiError(error, `read the Service ${name}`, api);
  });
  const port = live.spec?.ports?.[0];
  const host = live.spec?.clusterIP;
  if (!host || host === 'None' || !port) {
    throw new EnvironmentError(`the Service ${name} has no cluster IP: clusterIP is ${host ?? 'absent'}`);
  }
  return { host, port: port.port, nodePort: port.nodePort };
}

/**
 * The URL of the Service: its cluster IP and port, or the given URL with its placeholders replaced.
 * @throws InputError for a URL without placeholders, because each trial has a Service of its own
 */
export async function serviceUrl(
  api: KubernetesApi,
  namespace: string,
  service: string,
  template: string | undefined,
): Promise<string> {
  if (template !== undefined) checkUrlTemplate(template);
  const { host, port, nodePort } = await serviceAddress(api, namespace, service);
  if (template !== undefined) {
    return template.replaceAll('{nodePort}', String(nodePort)).replaceAll('{namespace}', namespace);
  }
  return `http://${host.includes(':') ? `[${host}]` : host}${port === 80 ? '' : `:${port}`}`;
}

/**
 * @param shared the URL is that of a gateway, which tells trials apart by their host
 * @throws InputError for a URL that cannot lead to a trial
 */
export function checkUrlTemplate(template: string, shared = false): void {
  if (!/^https?:\/\/[^/]/.test(template))
    throw new InputError(`--url ${template}: must begin with http:// or https://`);
  if (/[^\x21-\x7e]|[#?]/.test(template)) {
    throw new InputError(`--url ${template}: contains a character that is not allowed before the path of a request`);
  }
  if (shared) {
    if (!template.includes('{nodePort}')) return;
    throw new InputError(
      `--url ${template}: {nodePort} stands for the port of the app's Service; write that of the gateway`,
    );
  }
  if (!/\{(nodePort|namespace)\}/.test(template)) {
    throw new InputError(
      `--url ${template}: each trial has a Service of its own; write {nodePort} for its port, as in http://NODE:{nodePort}`,
    );
  }
}
