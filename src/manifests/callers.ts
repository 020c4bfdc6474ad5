/** Which Services of an input its own workloads call, by the addresses in their settings. */
import * as z from 'zod';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';

const Settings = z.looseObject({
  env: z
    .array(z.looseObject({ value: z.string().optional() }))
    .optional()
    .catch(undefined),
  args: z.array(z.string()).optional().catch(undefined),
  command: z.array(z.string()).optional().catch(undefined),
});
const WithPods = z.looseObject({
  spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({ containers: z.array(Settings) }) }) }),
});
const ConfigMap = z.looseObject({ kind: z.literal('ConfigMap'), data: z.record(z.string(), z.string()) });

/**
 * Whether another object of the input has the Service's name as a host: `http://cart`, `cart:8080`, `cart.shop.svc`, or
 * nothing but `cart`.
 * @param own the workload behind the Service, whose own settings do not count
 */
export function isCalled(service: string, own: KubernetesObject, objects: readonly KubernetesObject[]): boolean {
  const name = service.replaceAll(/[^a-z0-9]/g, (sign) => `\\${sign}`);
  const host = new RegExp(`(^|//|@|[,\\s])${name}([:./,\\s]|$)`);
  return objects.some((object) => object !== own && settingsOf(object).some((value) => host.test(value)));
}

function settingsOf(object: KubernetesObject): string[] {
  const configMap = ConfigMap.safeParse(object).data;
  if (configMap) return Object.values(configMap.data);
  const containers = WithPods.safeParse(object).data?.spec.template.spec.containers ?? [];
  return containers.flatMap(({ env = [], args = [], command = [] }) => [
    ...env.flatMap(({ value }) => value ?? []),
    ...args,
    ...command,
  ]);
}
