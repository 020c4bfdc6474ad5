/** Which gateway a controller runs, by the name with which it claims an IngressClass or a GatewayClass. */
import type { GatewayKind } from '../gateway.ts';
import { gatewayNamed } from '../registry.ts';

const CONTROLLERS: readonly [RegExp, string][] = [
  [/^traefik\.io\//, 'traefik'],
  // Further instances have names such as k8s.io/internal-ingress-nginx.
  [/^k8s\.io\/(.+-)?ingress-nginx(-.+)?$/, 'nginx'],
  [/(^|\.)nginx\.org\//, 'nginx'],
  [/^haproxy(-ingress\.github\.io|\.org)\//, 'haproxy'],
  [/(^|\.)haproxy\.(org|com)\//, 'haproxy'],
  [/^projectcontour\.io\//, 'envoy'],
  [/^gateway\.envoyproxy\.io\//, 'envoy'],
  [/^istio\.io\//, 'envoy'],
  [/^caddyserver\.com\//, 'caddy'],
];

/**
 * Controllers that take Ingresses of a class without an IngressClass object, by the class's name. Contour's installation
 * creates none (internal/ingressclass in its source).
 */
export const CLASSES_WITHOUT_OBJECT: ReadonlyMap<string, string> = new Map([
  ['contour', 'projectcontour.io/ingress-controller'],
]);

/** @returns undefined for a controller of which it is not known what it runs */
export function gatewayOfController(controller: string): GatewayKind | undefined {
  const name = CONTROLLERS.find(([pattern]) => pattern.test(controller))?.[1];
  return name === undefined ? undefined : gatewayNamed(name);
}
