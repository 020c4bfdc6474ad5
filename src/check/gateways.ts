/** The gateways that a manifest names in front of a workload, and for how long each keeps an idle connection to it. */
import { type GatewayId, type GatewayLimit, gatewayLimit } from '../idle-limits/gateways.ts';
import type { LocatedObject } from './located-object.ts';
import type { CustomRoute, GatewayObject, IngressObject } from './route-objects.ts';
import type { Context } from './workload.ts';

export interface NamedGateway {
  /** The object that names it: `Ingress "web"`. */
  object: string;
  limit: GatewayLimit;
  /** For how long it keeps an idle connection, in ms; undefined if no fixed time ends it. */
  keepsMs: number | undefined;
  /** Whether that is written in the object, and not the gateway's default. */
  isWritten: boolean;
}

/** A class or a controller whose gateway keeps connections for a time that is not known here. */
const UNKNOWN = 'unknown';

/**
 * What the name of a controller says; the first match counts. The controllers of F5 (nginx.org) are built on nginx, but
 * have defaults of their own.
 */
const CONTROLLERS: readonly [RegExp, GatewayId | typeof UNKNOWN][] = [
  [/nginx\.org\//, UNKNOWN],
  [/^k8s\.io\/ingress-nginx/, 'ingress-nginx'],
  [/^traefik\.io\//, 'traefik'],
  [/haproxy/, 'haproxy'],
  [/caddy/, 'caddy'],
  [/\.aws\/alb$|amazonaws\.com\/alb$/, 'aws-alb'],
  [/^networking\.gke\.io\/gateway/, 'google-alb'],
  [/envoyproxy\.io\/|^istio\.io\/|projectcontour\.io\/|cilium/, 'envoy'],
];

/** What the name of a class says, as the installations of these gateways name it. */
const INGRESS_CLASSES: readonly [RegExp, GatewayId][] = [
  [/(^|-)nginx(-|$)/, 'ingress-nginx'],
  [/(^|-)traefik(-|$)/, 'traefik'],
  [/(^|-)haproxy(-|$)/, 'haproxy'],
  [/^caddy$/, 'caddy'],
  [/^alb$/, 'aws-alb'],
  [/^gce(-internal)?$/, 'google-alb'],
  [/^(istio|contour|cilium)$/, 'envoy'],
];
const GATEWAY_CLASSES: readonly [RegExp, GatewayId][] = [
  [/^traefik$/, 'traefik'],
  [/^haproxy$/, 'haproxy'],
  [/^gke-l7-/, 'google-alb'],
  [/^(eg|envoy|envoy-gateway|istio|contour|cilium)$/, 'envoy'],
];

/** Annotations that only one controller reads. They count if the class says nothing. */
const ANNOTATIONS: readonly [prefix: string, GatewayId | typeof UNKNOWN][] = [
  ['nginx.org/', UNKNOWN],
  ['nginx.ingress.kubernetes.io/', 'ingress-nginx'],
  ['traefik.ingress.kubernetes.io/', 'traefik'],
  ['haproxy.org/', 'haproxy'],
  ['haproxy-ingress.github.io/', 'haproxy'],
  ['alb.ingress.kubernetes.io/', 'aws-alb'],
  ['projectcontour.io/', 'envoy'],
];

/** What reads a route of a kind of its own, by the group of that kind. */
const CUSTOM_ROUTES: readonly [RegExp, GatewayId][] = [
  [/^traefik\./, 'traefik'],
  [/^projectcontour\.io\//, 'envoy'],
  [/^networking\.istio\.io\//, 'envoy'],
];

const ALB_ATTRIBUTES = 'alb.ingress.kubernetes.io/load-balancer-attributes';

/** The gateways that read the requests to a workload, as far as the input shows which they are. */
export function gatewaysOf(context: Context): NamedGateway[] {
  return [
    ...context.ingresses.flatMap((ingress) => ofIngress(ingress, context)),
    ...context.httpGateways.flatMap((gateway) => ofGateway(gateway, context)),
    ...context.customRoutes.flatMap(ofCustomRoute),
  ];
}

function ofIngress({ value }: LocatedObject<IngressObject>, context: Context): NamedGateway[] {
  const { metadata, spec } = value;
  const { annotations = {} } = metadata;
  const className = spec.ingressClassName ?? annotations['kubernetes.io/ingress.class'] ?? '';
  const keys = Object.keys(annotations);
  const byAnnotation = ANNOTATIONS.find(([prefix]) => keys.some((key) => key.startsWith(prefix)))?.[1];
  // F5's controller and ingress-nginx are both installed as class nginx.
  const isF5 = byAnnotation === UNKNOWN;
  const id =
    byController(context.controllerOfClass('IngressClass', className)) ??
    (isF5 ? UNKNOWN : (firstMatch(INGRESS_CLASSES, className) ?? byAnnotation));
  return named(`Ingress "${metadata.name}"`, id, idleSeconds(annotations[ALB_ATTRIBUTES]));
}

function ofGateway({ value }: LocatedObject<GatewayObject>, context: Context): NamedGateway[] {
  const { gatewayClassName = '' } = value.spec;
  const id =
    byController(context.controllerOfClass('GatewayClass', gatewayClassName)) ??
    firstMatch(GATEWAY_CLASSES, gatewayClassName);
  return named(`Gateway "${value.metadata.name}"`, id);
}

function ofCustomRoute({ value }: LocatedObject<CustomRoute>): NamedGateway[] {
  return named(`${value.kind} "${value.metadata.name}"`, firstMatch(CUSTOM_ROUTES, value.apiVersion));
}

function byController(controller: string | undefined) {
  return controller === undefined ? undefined : (firstMatch(CONTROLLERS, controller) ?? UNKNOWN);
}

function firstMatch<Id>(table: readonly [RegExp, Id][], text: string): Id | undefined {
  return table.find(([pattern]) => pattern.test(text))?.[1];
}

/** The limit that the annotation of an AWS ALB sets, in s. */
function idleSeconds(attributes: string | undefined): number | undefined {
  const written = /(?:^|,)\s*idle_timeout\.timeout_seconds=(\d+)/.exec(attributes ?? '')?.[1];
  return written === undefined ? undefined : Number(written);
}

function named(object: string, id: GatewayId | typeof UNKNOWN | undefined, writtenSeconds?: number): NamedGateway[] {
  if (id === undefined || id === UNKNOWN) return [];
  const limit = gatewayLimit(id);
  const isWritten = id === 'aws-alb' && writtenSeconds !== undefined;
  return [{ object, limit, keepsMs: isWritten ? writtenSeconds * 1000 : limit.keepsMs, isWritten }];
}
