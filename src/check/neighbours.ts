/**
 * Finds the objects around a workload: Services and what leads to them, budgets, autoscalers, claims. Uses an index,
 * because a stream may contain thousands of objects.
 */

import { matchesLabels, matchesSelector } from '../kubernetes-rules/selectors.ts';
import { namespaceOfUnnamed } from '../manifests/input-objects.ts';
import { backendsOf } from '../manifests/routes.ts';
import type { RolloutObject } from './custom-workloads.ts';
import type { LocatedObject } from './located-object.ts';
import {
  type AutoscalerObject,
  type BudgetObject,
  type CheckedObject,
  type ClaimObject,
  isWorkload,
  type ServiceObject,
  type VerticalPodAutoscaler,
  type VolumeObject,
  type WorkloadObject,
} from './objects.ts';
import {
  type CustomRoute,
  type GatewayObject,
  type IngressObject,
  ingressServices,
  routeServices,
} from './route-objects.ts';
import { carriesNoRequests } from './service-ports.ts';
import { claimsOf } from './state.ts';

export interface Neighbours {
  /** The Services that send requests to its pods; not those that only metrics are read through. */
  services: LocatedObject<ServiceObject>[];
  /** Whether the input has any Service with a selector. If not, ports are the only sign of what serves. */
  inputHasServices: boolean;
  /** The Ingresses and Gateways that lead to these Services. */
  ingresses: LocatedObject<IngressObject>[];
  gateways: LocatedObject<GatewayObject>[];
  /** Those of the Gateways that read the requests, because an HTTPRoute leads through them. */
  httpGateways: LocatedObject<GatewayObject>[];
  /** What leads to these Services in a kind of its own controller. */
  customRoutes: LocatedObject<CustomRoute>[];
  /** The controller that an IngressClass or GatewayClass of the input names. */
  controllerOfClass(kind: 'IngressClass' | 'GatewayClass', name: string): string | undefined;
  autoscaler?: LocatedObject<AutoscalerObject>;
  verticalAutoscaler?: LocatedObject<VerticalPodAutoscaler>;
  budgets: LocatedObject<BudgetObject>[];
  /** The Argo Rollout that runs a Deployment's template (workloadRef). */
  rolledOutBy?: LocatedObject<RolloutObject>;
  /** The claim of this name in the workload's namespace, if it is in the input. */
  claimOf(name: string): LocatedObject<ClaimObject> | undefined;
  /** The workloads of the namespace with pods that mount this claim. */
  claimUsersOf(name: string): readonly WorkloadObject[];
  /** The PersistentVolume of the input that the claim gets: the one that either names, or one of its storage class. */
  volumeFor(claim: ClaimObject): VolumeObject | undefined;
}

/** Returns a function that finds a workload's neighbours among the objects. */
export function indexNeighbours(objects: readonly LocatedObject<CheckedObject>[]) {
  const index = new Index(namespaceOfUnnamed(objects.map(({ value }) => value)));
  for (const object of objects) index.add(object);
  for (const object of objects) index.addRoute(object);
  return (workload: WorkloadObject): Neighbours => index.neighboursOf(workload);
}

class Index {
  /** The namespace of the objects that name none. */
  readonly #unnamed: string;
  readonly #services = new Map<string, LocatedObject<ServiceObject>[]>();
  readonly #budgets = new Map<string, LocatedObject<BudgetObject>[]>();
  readonly #autoscalers = new Map<string, LocatedObject<AutoscalerObject>>();
  readonly #verticalAutoscalers = new Map<string, LocatedObject<VerticalPodAutoscaler>>();
  readonly #claims = new Map<string, LocatedObject<ClaimObject>>();
  readonly #claimUsers = new Map<string, WorkloadObject[]>();
  readonly #volumes: VolumeObject[] = [];
  readonly #rollouts = new Map<string, LocatedObject<RolloutObject>>();
  readonly #gateways = new Map<string, LocatedObject<GatewayObject>>();
  /** The controllers of classes, by kind and name. */
  readonly #controllers = new Map<string, string>();
  /** By the Service that they lead to. */
  readonly #ingressesTo = new Map<string, LocatedObject<IngressObject>[]>();
  readonly #gatewaysTo = new Map<string, LocatedObject<GatewayObject>[]>();
  readonly #httpGatewaysTo = new Map<string, LocatedObject<GatewayObject>[]>();
  readonly #customRoutesTo = new Map<string, LocatedObject<CustomRoute>[]>();

  constructor(unnamed: string) {
    this.#unnamed = unnamed;
  }

  add(object: LocatedObject<CheckedObject>): void {
    const { value } = object;
    const here = this.#namespace(value);
    if (isWorkload(value)) this.#addClaims(value);
    if (value.kind === 'Service' && value.apiVersion === 'v1') {
      if (Object.keys(value.spec.selector ?? {}).length === 0) return;
      put(this.#services, this.#firstLabel(value, value.spec.selector), { ...object, value });
    } else if (value.kind === 'PodDisruptionBudget') {
      put(this.#budgets, this.#firstLabel(value, value.spec.selector?.matchLabels), { ...object, value });
    } else if (value.kind === 'HorizontalPodAutoscaler' || value.kind === 'ScaledObject') {
      const { kind = 'Deployment', name } = value.spec.scaleTargetRef;
      this.#autoscalers.set(`${here}/${kind}/${name}`, { ...object, value });
    } else if (value.kind === 'VerticalPodAutoscaler') {
      this.#verticalAutoscalers.set(`${here}/${value.spec.targetRef.kind}/${value.spec.targetRef.name}`, {
        ...object,
        value,
      });
    } else if (value.kind === 'PersistentVolumeClaim') {
      this.#claims.set(`${here}/${value.metadata.name}`, { ...object, value });
    } else if (value.kind === 'PersistentVolume') {
      this.#volumes.push(value);
    } else if (value.kind === 'Gateway') {
      this.#gateways.set(`${here}/${value.metadata.name}`, { ...object, value });
    } else if (value.kind === 'IngressClass') {
      this.#controllers.set(`IngressClass/${value.metadata.name}`, value.spec.controller ?? '');
    } else if (value.kind === 'GatewayClass') {
      this.#controllers.set(`GatewayClass/${value.metadata.name}`, value.spec.controllerName ?? '');
    } else if (value.kind === 'Rollout' && value.spec.workloadRef) {
      const { kind, name } = value.spec.workloadRef;
      this.#rollouts.set(`${here}/${kind}/${name}`, { ...object, value });
    }
  }

  /** Adds what leads to Services, after all Gateways are known. */
  addRoute(object: LocatedObject<CheckedObject>): void {
    const { value } = object;
    if (value.kind === 'Ingress') {
      const ingress = { ...object, value };
      for (const name of new Set(ingressServices(value)))
        put(this.#ingressesTo, `${this.#namespace(value)}/${name}`, ingress);
    } else if (value.kind === 'IngressRoute' || value.kind === 'HTTPProxy' || value.kind === 'VirtualService') {
      const route = { ...object, value };
      for (const { service, namespace = this.#namespace(value) } of backendsOf(value))
        put(this.#customRoutesTo, `${namespace}/${service}`, route);
    } else if (
      value.kind === 'HTTPRoute' ||
      value.kind === 'GRPCRoute' ||
      value.kind === 'TLSRoute' ||
      value.kind === 'TCPRoute'
    ) {
      const parents = (value.spec.parentRefs ?? []).flatMap(
        ({ name, namespace: where }) => this.#gateways.get(`${where ?? this.#namespace(value)}/${name}`) ?? [],
      );
      for (const service of routeServices(value)) {
        const key = `${service.namespace ?? this.#unnamed}/${service.name}`;
        for (const gateway of parents) {
          put(this.#gatewaysTo, key, gateway);
          if (value.kind === 'HTTPRoute') put(this.#httpGatewaysTo, key, gateway);
        }
      }
    }
  }

  neighboursOf({ kind, metadata, spec }: WorkloadObject): Neighbours {
    const labels = spec.template.metadata?.labels ?? {};
    const here = this.#namespace({ metadata });
    const keys = [here, ...Object.entries(labels).map(([key, value]) => `${here}/${key}=${value}`)];
    const among = <T>(index: Map<string, T[]>): T[] => keys.flatMap((key) => index.get(key) ?? []);
    const services = among(this.#services)
      .filter(({ value }) => matchesLabels(value.spec.selector, labels))
      .filter(({ value }) => !carriesNoRequests(value));
    const leadingTo = <T>(index: Map<string, T[]>): T[] => [
      ...new Set(services.flatMap(({ value }) => index.get(`${here}/${value.metadata.name}`) ?? [])),
    ];
    const own = `${here}/${kind}/${metadata.name}`;
    const rolledOutBy = this.#rollouts.get(own);
    const run = rolledOutBy ? `${here}/Rollout/${rolledOutBy.value.metadata.name}` : own;
    const autoscaler = this.#autoscalers.get(run) ?? this.#autoscalers.get(own);
    const verticalAutoscaler = this.#verticalAutoscalers.get(own);
    return {
      services,
      inputHasServices: this.#services.size > 0,
      ingresses: leadingTo(this.#ingressesTo),
      gateways: leadingTo(this.#gatewaysTo),
      httpGateways: leadingTo(this.#httpGatewaysTo),
      customRoutes: leadingTo(this.#customRoutesTo),
      controllerOfClass: (kind, name) => this.#controllers.get(`${kind}/${name}`),
      budgets: among(this.#budgets).filter(({ value }) => matchesSelector(value.spec.selector ?? {}, labels)),
      ...(autoscaler && { autoscaler }),
      ...(verticalAutoscaler && { verticalAutoscaler }),
      ...(rolledOutBy && { rolledOutBy }),
      claimOf: (name) => this.#claims.get(`${here}/${name}`),
      claimUsersOf: (name) => this.#claimUsers.get(`${here}/${name}`) ?? [],
      volumeFor: (claim) => this.#volumeFor(claim),
    };
  }

  #addClaims(workload: WorkloadObject): void {
    if (workload.spec.replicas === 0) return;
    for (const name of claimsOf(workload)) put(this.#claimUsers, `${this.#namespace(workload)}/${name}`, workload);
  }

  #volumeFor({ metadata, spec }: ClaimObject): VolumeObject | undefined {
    const named = this.#volumes.find(
      (volume) => volume.metadata.name === spec.volumeName || volume.spec.claimRef?.name === metadata.name,
    );
    if (named || !spec.storageClassName) return named;
    return this.#volumes.find((volume) => volume.spec.storageClassName === spec.storageClassName);
  }

  /** The index key of a selector: its namespace and its first label, which every pod that it selects has. */
  #firstLabel(object: Pick<CheckedObject, 'metadata'>, labels: Record<string, string> = {}): string {
    const [first] = Object.entries(labels);
    return first ? `${this.#namespace(object)}/${first[0]}=${first[1]}` : this.#namespace(object);
  }

  #namespace({ metadata }: Pick<CheckedObject, 'metadata'>): string {
    return metadata.namespace ?? this.#unnamed;
  }
}

function put<T>(index: Map<string, T[]>, key: string, item: T): void {
  const items = index.get(key);
  if (items) items.push(item);
  else index.set(key, [item]);
}
