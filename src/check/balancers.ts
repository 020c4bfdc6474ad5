/**
 * The load balancers that a manifest names, which send to pods directly and learn of their end later than kube-proxy.
 * Each with the time that its vendor documents.
 */
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { LocatedObject } from './located-object.ts';
import type { CheckedObject, ServiceObject } from './objects.ts';
import type { IngressObject } from './route-objects.ts';
import { RECOMMENDED_STAY_SECONDS, SHORTEST_STAY_SECONDS } from './staying.ts';
import type { Context, Workload } from './workload.ts';

export interface Router {
  /** For example `the AWS target group of Ingress "web"`. */
  name: string;
  /** For how long it may send to a terminating pod, in seconds. */
  seconds: number;
  /** The preStop sleep to write, in seconds. */
  advisedSeconds: number;
  /** Why that long. */
  reason: string;
  place: { object: LocatedObject<CheckedObject>; path: FieldPath };
}

/** Source: "Target group attributes" in the documentation of Elastic Load Balancing. */
const AWS_DEFAULT_DELAY_SECONDS = 300;
/** Asked for if the delay is left at its default, with the advice to lower it. */
const AWS_ADVISED_SECONDS = 30;
/**
 * Two health checks of 5 s, and the time to detach. Source: Google Cloud's knowledge base on 502 errors of the external
 * HTTP(S) load balancer with network endpoint groups, whose example sleeps 40 s.
 */
const NEG_SECONDS = 15;
const NEG_ADVISED_SECONDS = 40;
/** Source: "Minimizing downtime during deployments" of the Application Gateway Ingress Controller: 90 s. */
const AGIC_SECONDS = 90;
/** The ttl of cluster names in the Corefile that kubeadm writes, and of its cache. */
const DNS_SECONDS = 30;

type Annotations = Readonly<Record<string, string>>;

/** The load balancers that send to the pods of a workload. */
export function balancersOf({ services, ingresses, gateways }: Context): Router[] {
  const byIngress = ingresses.flatMap((ingress) => ofIngress(ingress, services));
  const byService = services.flatMap((service) => ofService(service));
  const byGateway = gateways
    .filter(({ value }) => /^gke-l7-/.test(value.spec.gatewayClassName ?? ''))
    .map((gateway) => negRouter(`Gateway "${gateway.value.metadata.name}"`, gateway, ['spec', 'gatewayClassName']));
  return [...byIngress, ...byService, ...byGateway];
}

/**
 * Clients that look up a headless Service hold the pods' addresses. Undefined if another Service has a cluster IP, and for
 * a StatefulSet or a known database, whose clients address each pod by its name and connect again.
 */
export function dnsRouterOf({ object, state }: Workload, { services }: Context): Router | undefined {
  const [headless] = services;
  if (object.value.kind === 'StatefulSet' || state.byImage) return undefined;
  if (!headless || services.some(({ value }) => value.spec.clusterIP !== 'None')) return undefined;
  return {
    name: `DNS clients of headless Service "${headless.value.metadata.name}"`,
    seconds: DNS_SECONDS,
    advisedSeconds: DNS_SECONDS,
    reason: `they keep a pod's address for the ttl of ${DNS_SECONDS} s`,
    place: { object: headless, path: ['spec', 'clusterIP'] },
  };
}

/** The slowest router in front of a workload. Without any that the manifest names: kube-proxy. */
export function slowestRouter(
  workload: Workload,
  context: Context,
): Pick<Router, 'seconds' | 'advisedSeconds'> & Partial<Router> {
  const dns = dnsRouterOf(workload, context);
  return [...balancersOf(context), ...(dns ? [dns] : [])].reduce<ReturnType<typeof slowestRouter>>(
    (slowest, router) => (router.advisedSeconds > slowest.advisedSeconds ? router : slowest),
    { seconds: SHORTEST_STAY_SECONDS, advisedSeconds: RECOMMENDED_STAY_SECONDS },
  );
}

function ofIngress(ingress: LocatedObject<IngressObject>, services: Context['services']): Router[] {
  const { metadata, spec } = ingress.value;
  const annotations: Annotations = metadata.annotations ?? {};
  const className = spec.ingressClassName ?? annotations['kubernetes.io/ingress.class'] ?? '';
  const has = (prefix: string) => Object.keys(annotations).some((key) => key.startsWith(prefix));
  const name = `Ingress "${metadata.name}"`;
  if (className === 'alb' || has('alb.ingress.kubernetes.io/')) {
    const prefix = 'alb.ingress.kubernetes.io/';
    const value = (key: string) =>
      services.map((service) => service.value.metadata.annotations?.[prefix + key]).find(Boolean) ??
      annotations[prefix + key];
    return value('target-type') === 'ip' ? [awsRouter(name, ingress, prefix, value('target-group-attributes'))] : [];
  }
  if (/^azure[/-]application-gateway$/.test(className) || has('appgw.ingress.kubernetes.io/'))
    return [agicRouter(ingress)];
  const isGce = className === 'gce' || className === 'gce-internal' || (className === '' && has('networking.gke.io/'));
  const isNeg = isGce && (className === 'gce-internal' || services.some(({ value }) => isClusterIp(value)));
  return isNeg && !services.some(({ value }) => namesNeg(value))
    ? [negRouter(name, ingress, ['spec', 'ingressClassName'])]
    : [];
}

function isClusterIp({ spec }: ServiceObject): boolean {
  return (spec.type ?? 'ClusterIP') === 'ClusterIP';
}

function agicRouter(ingress: LocatedObject<IngressObject>): Router {
  return {
    name: `the Application Gateway of Ingress "${ingress.value.metadata.name}"`,
    seconds: AGIC_SECONDS,
    advisedSeconds: AGIC_SECONDS,
    reason: `its controller updates the backend pool late; its page advises ${AGIC_SECONDS} s`,
    place: { object: ingress, path: ['spec', 'ingressClassName'] },
  };
}

function ofService(service: LocatedObject<ServiceObject>): Router[] {
  const { metadata, spec } = service.value;
  const annotations: Annotations = metadata.annotations ?? {};
  const name = `Service "${metadata.name}"`;
  if (namesNeg(service.value)) return [negRouter(name, service, ['metadata', 'annotations', NEG])];
  if (spec.type !== 'LoadBalancer') return [];
  const prefix = 'service.beta.kubernetes.io/aws-load-balancer-';
  const type = annotations[`${prefix}type`];
  const sendsToPods = type === 'nlb-ip' || annotations[`${prefix}nlb-target-type`] === 'ip';
  if (!sendsToPods) return [];
  return [awsRouter(name, service, prefix, annotations[`${prefix}target-group-attributes`])];
}

const NEG = 'cloud.google.com/neg';

/** `{"ingress": true}`, or `exposed_ports` for a network endpoint group of one's own. */
function namesNeg({ metadata }: ServiceObject): boolean {
  const text = metadata.annotations?.[NEG] ?? '';
  return /"ingress"\s*:\s*true|"exposed_ports"/.test(text);
}

function negRouter(name: string, object: LocatedObject<CheckedObject>, path: FieldPath): Router {
  return {
    name: `the network endpoint group of ${name}`,
    seconds: NEG_SECONDS,
    advisedSeconds: NEG_ADVISED_SECONDS,
    reason: `container-native load balancing sends to a pod until it is detached; Google's example sleeps ${NEG_ADVISED_SECONDS} s`,
    place: { object, path },
  };
}

function awsRouter(
  name: string,
  object: LocatedObject<CheckedObject>,
  prefix: string,
  attributes: string | undefined,
): Router {
  const written = /(?:^|,)\s*deregistration_delay\.timeout_seconds=(\d+)/.exec(attributes ?? '')?.[1];
  const seconds = written === undefined ? AWS_ADVISED_SECONDS : Number(written);
  return {
    name: `the AWS target group of ${name}`,
    seconds,
    advisedSeconds: Math.max(seconds, RECOMMENDED_STAY_SECONDS),
    reason:
      written === undefined
        ? `its deregistration delay is ${AWS_DEFAULT_DELAY_SECONDS} s by default; set ${prefix}target-group-attributes: deregistration_delay.timeout_seconds=${AWS_ADVISED_SECONDS}`
        : `its deregistration delay is ${seconds} s`,
    place: { object, path: ['metadata', 'annotations', `${prefix}target-group-attributes`] },
  };
}
