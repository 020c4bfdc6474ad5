/** The objects that lead requests from outside the cluster to a Service: Ingress, Gateway, their classes, and routes. */
import * as z from 'zod';
import { ObjectMetadata } from '../kubernetes-rules/written-objects.ts';

const Backend = z.looseObject({ service: z.looseObject({ name: z.string() }).optional() });

export const Ingress = z.looseObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('Ingress'),
  metadata: ObjectMetadata,
  spec: z.looseObject({
    ingressClassName: z.string().optional(),
    defaultBackend: Backend.optional(),
    rules: z
      .array(
        z.looseObject({
          http: z.looseObject({ paths: z.array(z.looseObject({ backend: Backend.optional() })).optional() }).optional(),
        }),
      )
      .optional(),
  }),
});
export type IngressObject = z.infer<typeof Ingress>;

export const Gateway = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal('Gateway'),
  metadata: ObjectMetadata,
  spec: z.looseObject({ gatewayClassName: z.string().optional() }),
});
export type GatewayObject = z.infer<typeof Gateway>;

/** It names the controller that provides a class of Ingresses. */
export const IngressClass = z.looseObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('IngressClass'),
  metadata: ObjectMetadata,
  spec: z.looseObject({ controller: z.string().optional() }).default({}),
});

/** It names the controller that provides a class of Gateways. */
export const GatewayClass = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal('GatewayClass'),
  metadata: ObjectMetadata,
  spec: z.looseObject({ controllerName: z.string().optional() }).default({}),
});

export const ROUTE_KINDS = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'] as const;

const Reference = z.looseObject({ kind: z.string().optional(), name: z.string(), namespace: z.string().optional() });

export const routeSchema = <Kind extends (typeof ROUTE_KINDS)[number]>(kind: Kind) =>
  z.looseObject({
    apiVersion: z.string(),
    kind: z.literal(kind),
    metadata: ObjectMetadata,
    spec: z.looseObject({
      parentRefs: z.array(Reference).optional(),
      rules: z.array(z.looseObject({ backendRefs: z.array(Reference).optional() })).optional(),
    }),
  });
export type GatewayRoute = z.infer<ReturnType<typeof routeSchema<(typeof ROUTE_KINDS)[number]>>>;

/** Kinds of their own that controllers read instead of an Ingress. What they lead to is known to `backendsOf`. */
export const CUSTOM_ROUTES = ['IngressRoute', 'HTTPProxy', 'VirtualService'] as const;

export const CustomRoute = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(CUSTOM_ROUTES),
  metadata: ObjectMetadata,
  spec: z.looseObject({}),
});
export type CustomRoute = z.infer<typeof CustomRoute>;

type ClassObject = z.infer<typeof IngressClass> | z.infer<typeof GatewayClass>;

export type RouteObject = IngressObject | GatewayObject | ClassObject | GatewayRoute | CustomRoute;

/** The Services that an Ingress sends to, by name; they are in its namespace. */
export function ingressServices({ spec }: IngressObject): string[] {
  const paths = (spec.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  return [spec.defaultBackend, ...paths.map(({ backend }) => backend)].flatMap(
    (backend) => backend?.service?.name ?? [],
  );
}

/** The Services that a route sends to. A reference without a kind is one to a Service. */
export function routeServices({ metadata, spec }: GatewayRoute): { namespace: string | undefined; name: string }[] {
  return (spec.rules ?? [])
    .flatMap(({ backendRefs = [] }) => backendRefs)
    .filter(({ kind = 'Service' }) => kind === 'Service')
    .map(({ name, namespace = metadata.namespace }) => ({ name, namespace }));
}
