/** Plays a cluster's controllers for workloads and Services on the API server for tests. */
import { GATEWAY_CONTAINER, GATEWAY_NAME } from '../../../src/clusters/kubernetes/gateways/objects.ts';
import { type DeploymentOptions, ScriptedDeployment } from './deployments.ts';
import { readyPod } from './objects.ts';
import type { ApiServer } from './server.ts';
import type { Change } from './store.ts';

export class Controllers {
  /** One for each namespace, in the order of their creation. */
  readonly deployments: ScriptedDeployment[] = [];
  readonly #server: ApiServer;
  readonly #options: Omit<DeploymentOptions, 'namespace' | 'name' | 'labels'>;
  #templates = new Map<string, string>();
  readonly #replicas = new Map<string, number>();

  constructor(server: ApiServer, options: Omit<DeploymentOptions, 'namespace' | 'name' | 'labels'> = {}) {
    this.#server = server;
    this.#options = options;
    server.onPodDeleted = (namespace, name) => {
      this.deployments.find((deployment) => deployment.namespace === namespace)?.lost(name);
    };
    server.store.on('change', (change) => {
      if (change.object.kind === 'Service') this.#onService(change);
      if (change.object.kind === (options.kind ?? 'Deployment')) this.#onWorkload(change);
    });
  }

  #onService({ type, object: { metadata, spec } }: Change): void {
    if (type !== 'ADDED' || spec.clusterIP !== undefined) return;
    const ports = spec.ports.map((port: object) => ({ ...port, nodePort: 30_080 }));
    this.#server.store.change('Service', metadata.namespace ?? '', metadata.name, {
      spec: { clusterIP: '10.96.0.7', ports },
    });
  }

  /** Its pod is ready at once. */
  #onGateway(type: Change['type'], namespace: string): void {
    const labels = { 'app.kubernetes.io/name': GATEWAY_NAME };
    const state = { namespace, labels, container: GATEWAY_CONTAINER, uid: 'gateway' };
    if (type === 'ADDED') this.#server.store.put(readyPod(`${GATEWAY_NAME}-200`, state));
  }

  #onWorkload({ type, object: { metadata, spec } }: Change): void {
    const { namespace = '', name } = metadata;
    if (name === GATEWAY_NAME) {
      this.#onGateway(type, namespace);
      return;
    }
    const template = JSON.stringify(spec.template);
    const before = this.#templates.get(namespace);
    this.#templates.set(namespace, template);
    const scaled = this.#replicas.has(namespace) && this.#replicas.get(namespace) !== spec.replicas;
    this.#replicas.set(namespace, spec.replicas);
    if (type === 'ADDED') {
      const { labels } = spec.template.metadata;
      const deployment = new ScriptedDeployment(this.#server, { ...this.#options, namespace, name, labels });
      this.deployments.push(deployment);
      deployment.deploy(spec.replicas ?? this.#options.nodes ?? 1);
      return;
    }
    const deployment = this.deployments.find((deployment) => deployment.namespace === namespace);
    if (type !== 'MODIFIED' || !deployment) return;
    const { readinessGates = [] } = spec.template.spec;
    if (before === template) {
      if (scaled) deployment.scale(spec.replicas);
    } else if (readinessGates.length > 0) deployment.stall();
    else if (deployment.stalled) deployment.undo();
    else deployment.roll();
  }
}
