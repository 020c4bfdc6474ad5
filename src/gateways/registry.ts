/** Every kind of gateway. A new one is a folder and one line here. */
import { envoy } from './envoy/envoy.ts';
import type { GatewayKind } from './gateway.ts';
import { nginx } from './nginx/nginx.ts';
import { traefik } from './traefik/traefik.ts';

export const GATEWAYS: readonly GatewayKind[] = [nginx, traefik, envoy];

export function gatewayNamed(name: string): GatewayKind | undefined {
  return GATEWAYS.find((kind) => kind.name === name);
}
