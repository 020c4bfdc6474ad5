/** The ConfigMaps and Secrets of the input that environment variables can come from. */
import { InputError } from '../errors.ts';
import type { EnvironmentSources } from '../kubernetes-rules/environment-variables.ts';
import { ConfigMap, type KubernetesObject, Secret } from '../kubernetes-rules/written-objects.ts';
import { printable } from '../printable.ts';
import { firstIssue } from '../schema-issue.ts';
import type { Manifests } from './manifests.ts';

type Data = Record<string, string>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Those in the namespace of the workload. An object without a namespace is in it, as `kubectl apply -n` would put it.
 * @throws InputError if the API server would refuse one of them
 */
export function environmentSources({ objects, workload, source }: Manifests): EnvironmentSources {
  const { namespace } = workload.metadata;
  const near = objects.filter(({ metadata }) => {
    const other = (metadata as { namespace?: unknown }).namespace;
    return other === undefined || namespace === undefined || other === namespace;
  });
  const read = (kind: string, dataOf: (object: KubernetesObject) => Data) =>
    new Map(
      near
        .filter((object) => object.kind === kind)
        .map((object) => [object.metadata.name, named(object, dataOf, source)]),
    );
  return { ConfigMap: read('ConfigMap', configMapData), Secret: read('Secret', secretData) };
}

function named(object: KubernetesObject, dataOf: (object: KubernetesObject) => Data, source: string): Data {
  try {
    return dataOf(object);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(printable(`${source}: ${object.kind} "${object.metadata.name}", ${error.message}`));
  }
}

/** Binary data never becomes a variable. */
function configMapData(object: KubernetesObject): Data {
  const read = ConfigMap.safeParse(object);
  if (!read.success) throw new RangeError(firstIssue(read.error));
  return read.data.data ?? {};
}

/** `stringData` wins over `data`, as the API server merges them. */
function secretData(object: KubernetesObject): Data {
  const read = Secret.safeParse(object);
  if (!read.success) throw new RangeError(firstIssue(read.error));
  const { data = {}, stringData = {} } = read.data;
  return { ...Object.fromEntries(Object.entries(data).map(([key, text]) => [key, decoded(key, text)])), ...stringData };
}

function decoded(key: string, text: string): string {
  const base64 = text.replaceAll(/[\r\n]/g, '');
  if (!BASE64.test(base64)) throw new RangeError(`data.${key}: is not base64 (stringData takes plain text)`);
  return Buffer.from(base64, 'base64').toString();
}
