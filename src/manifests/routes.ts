/** Which Services the requests of users arrive at: what Ingresses and the routes of gateways name as their backends. */
import * as z from 'zod';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';
import { nameOf } from './placed-objects.ts';

/** A Service that a route leads to. */
export interface Backend {
  /** The route, for messages: `Ingress "shop"`. */
  route: string;
  service: string;
  /** Undefined: the route's own namespace. */
  namespace?: string | undefined;
  /** The Service's port, by number or name. */
  port?: number | string | undefined;
}

type Found = Omit<Backend, 'route'>;

const list = <T extends z.ZodType>(item: T) => z.array(item).catch([]);

const IngressBackend = z.looseObject({
  service: z
    .looseObject({
      name: z.string(),
      port: z.looseObject({ number: z.number().optional(), name: z.string().optional() }).optional(),
    })
    .optional(),
  /** In versions before networking.k8s.io/v1. */
  serviceName: z.string().optional(),
  servicePort: z.union([z.number(), z.string()]).optional(),
});
const Ingress = z.looseObject({
  spec: z.looseObject({
    defaultBackend: IngressBackend.optional(),
    backend: IngressBackend.optional(),
    rules: list(
      z.looseObject({ http: z.looseObject({ paths: list(z.looseObject({ backend: IngressBackend })) }).optional() }),
    ),
  }),
});

const BackendRef = z.looseObject({
  kind: z.string().default('Service'),
  group: z.string().default(''),
  name: z.string(),
  namespace: z.string().optional(),
  port: z.number().optional(),
});
/** HTTPRoute, GRPCRoute and the others of the Gateway API. */
const GatewayRoute = z.looseObject({
  spec: z.looseObject({ rules: list(z.looseObject({ backendRefs: list(BackendRef) })) }),
});

const OpenShiftRoute = z.looseObject({
  spec: z.looseObject({
    to: z.looseObject({ kind: z.string().default('Service'), name: z.string() }),
    port: z.looseObject({ targetPort: z.union([z.number(), z.string()]).optional() }).optional(),
  }),
});

/** Traefik's IngressRoute and Contour's HTTPProxy. */
const IngressRoute = z.looseObject({
  spec: z.looseObject({
    routes: list(
      z.looseObject({
        services: list(
          z.looseObject({
            kind: z.string().default('Service'),
            name: z.string(),
            namespace: z.string().optional(),
            port: z.union([z.number(), z.string()]).optional(),
          }),
        ),
      }),
    ),
  }),
});

const Destination = z.looseObject({
  destination: z.looseObject({ host: z.string(), port: z.looseObject({ number: z.number() }).optional() }),
});
const VirtualService = z.looseObject({
  spec: z.looseObject({ http: list(z.looseObject({ route: list(Destination) })) }),
});

/** By group and kind, without the version. */
const ROUTES: Record<string, (object: KubernetesObject) => Found[]> = {
  'networking.k8s.io/Ingress': ingressBackends,
  'extensions/Ingress': ingressBackends,
  ...Object.fromEntries(
    ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'].map((kind) => [
      `gateway.networking.k8s.io/${kind}`,
      gatewayBackends,
    ]),
  ),
  'route.openshift.io/Route': openShiftBackends,
  'traefik.io/IngressRoute': traefikBackends,
  'traefik.containo.us/IngressRoute': traefikBackends,
  'projectcontour.io/HTTPProxy': traefikBackends,
  'networking.istio.io/VirtualService': istioBackends,
};

/** The Services that this object leads to; none if it is no route. A field that is not as expected leads nowhere. */
export function backendsOf(object: KubernetesObject): Backend[] {
  const key = groupKind(object);
  const found = Object.hasOwn(ROUTES, key) ? ROUTES[key]?.(object) : undefined;
  return (found ?? []).map((backend) => ({ route: nameOf(object), ...backend }));
}

/** `networking.k8s.io/Ingress`; for the core group, only the kind. */
export function groupKind({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? kind : `${apiVersion.slice(0, slash)}/${kind}`;
}

function ingressBackends(object: KubernetesObject): Found[] {
  const ingress = Ingress.safeParse(object).data;
  if (!ingress) return [];
  const { defaultBackend, backend, rules } = ingress.spec;
  const paths = rules.flatMap(({ http }) => http?.paths ?? []);
  return [defaultBackend, backend, ...paths.map((path) => path.backend)].flatMap((one) => {
    const service = one?.service?.name ?? one?.serviceName;
    const port = one?.service?.port?.number ?? one?.service?.port?.name ?? one?.servicePort;
    return service === undefined ? [] : [{ service, port }];
  });
}

function gatewayBackends(object: KubernetesObject): Found[] {
  const rules = GatewayRoute.safeParse(object).data?.spec.rules ?? [];
  return rules
    .flatMap(({ backendRefs }) => backendRefs)
    .filter(({ kind, group }) => kind === 'Service' && group === '')
    .map(({ name, namespace, port }) => ({ service: name, namespace, port }));
}

function openShiftBackends(object: KubernetesObject): Found[] {
  const spec = OpenShiftRoute.safeParse(object).data?.spec;
  // Its targetPort is a port of the pod, or the name of a port of the Service.
  const port = spec?.port?.targetPort;
  return spec?.to.kind === 'Service' ? [{ service: spec.to.name, ...(typeof port === 'string' && { port }) }] : [];
}

function traefikBackends(object: KubernetesObject): Found[] {
  const routes = IngressRoute.safeParse(object).data?.spec.routes ?? [];
  return routes
    .flatMap(({ services }) => services)
    .filter(({ kind }) => kind === 'Service')
    .map(({ name, namespace, port }) => ({ service: name, namespace, port }));
}

/** A host is `shop`, `shop.default` or `shop.default.svc.cluster.local`. */
function istioBackends(object: KubernetesObject): Found[] {
  const http = VirtualService.safeParse(object).data?.spec.http ?? [];
  return http
    .flatMap(({ route }) => route)
    .flatMap(({ destination: { host, port } }) => {
      const [service = '', namespace] = host.split('.');
      return [{ service, namespace, port: port?.number }];
    });
}
