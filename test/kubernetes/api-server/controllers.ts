/** Plays a cluster's controllers for Deployments, StatefulSets and Services on the API server for tests. */
import { type DeploymentOptions, ScriptedDeployment } from './deployments.ts';
import type { ApiServer } from './server.ts';
import type { Change } from './store.ts';

export class Controllers {
  /** One for each namespace, in the order of their creation. */
  readonly deployments: ScriptedDeployment[] = [];
  readonly #server: ApiServer;
  readonly #options: Omit<DeploymentOptions, 'namespace' | 'name' | 'labels'>;
  #templates = new Map<string, string>();

  constructor(server: ApiServer, options: Omit<DeploymentOptions, 'namespace' | 'name' | 'labels'> = {}) {
    this.#server = server;
    this.#options = options;
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

  #onWorkload({ type, object: { metadata, spec } }: Change): void {
    const { namespace = '', name } = metadata;
    const template = JSON.stringify(spec.template);
    const before = this.#templates.get(namespace);
    this.#templates.set(namespace, template);
    if (type === 'ADDED') {
      const { labels } = spec.template.metadata;
      const deployment = new ScriptedDeployment(this.#server, { ...this.#options, namespace, name, labels });
      this.deployments.push(deployment);
      deployment.deploy(spec.replicas ?? 1);
    } else if (type === 'MODIFIED' && before !== template) {
      this.deployments.find((deployment) => deployment.namespace === namespace)?.roll();
    }
  }
}
