/** The program requests exactly the permissions that it uses on a cluster. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { ExistingCluster } from '../../src/clusters/kubernetes/existing-cluster.ts';
import { KubernetesCluster } from '../../src/clusters/kubernetes/kubernetes-cluster.ts';
import { liveService } from '../../src/clusters/kubernetes/live-service.ts';
import { deleteLeftNamespaces } from '../../src/clusters/kubernetes/namespaces.ts';
import { PERMISSIONS, type Permission, preflight, runPermissions } from '../../src/clusters/kubernetes/preflight.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { allows, connect, httpServer, json } from '../../test-hostile/api-servers.ts';

const LABELS = { app: 'web' };

/** A cluster with one workload, whose pods are replaced after each patch. It records all requests. */
class RecordingCluster {
  readonly calls = new Set<string>();
  readonly #watches = new Map<string, Set<ServerResponse>>();
  readonly #labels: Record<string, string>;
  #version = 1;
  #generation = 1;
  #pods: ReturnType<RecordingCluster['pod']>[] = [];
  #isNamespaceGone = false;

  readonly #replicas: number;

  constructor(labels: Record<string, string> = LABELS, replicas = 2) {
    this.#labels = labels;
    this.#replicas = replicas;
  }

  get server() {
    return (request: IncomingMessage, response: ServerResponse, url: URL) => {
      if (allows(response, url)) return;
      const call = callOf(request.method ?? '', url);
      if (call === undefined) return json(response, discovery(url));
      this.calls.add(`${call.verb} ${call.group}/${call.resource}`);
      request.resume().on('end', () => this.#answer(call, response));
    };
  }

  /** What a user's command does. */
  replacePods(): void {
    for (const pod of this.#pods) this.#tell('pods', 'DELETED', pod);
    this.#generation++;
    this.#pods = Array.from({ length: this.#replicas }, (_, i) => this.pod(`web-${this.#generation}-${i}`));
    for (const pod of this.#pods) this.#tell('pods', 'ADDED', pod);
    this.#tell('endpointslices', 'MODIFIED', this.#slice());
  }

  pod(name: string) {
    return {
      metadata: { name, uid: name, namespace: 'ns', labels: this.#labels, resourceVersion: String(this.#version++) },
      spec: { nodeName: 'n', containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ name: 'app', ready: true, restartCount: 0, state: { running: {} } }],
      },
    };
  }

  #answer({ verb, resource, name }: Call, response: ServerResponse): void {
    if (verb === 'watch') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.#watches.set(resource, (this.#watches.get(resource) ?? new Set()).add(response));
    } else if (verb === 'list') json(response, { metadata: { resourceVersion: '1' }, items: this.#items(resource) });
    else if (verb === 'patch' && ['deployments', 'statefulsets'].includes(resource)) {
      this.replacePods();
      json(response, this.#workload(name));
    } else if (verb === 'get' && ['deployments', 'statefulsets'].includes(resource))
      json(response, this.#workload(name));
    else if (resource === 'pods/log') response.writeHead(200, { 'content-type': 'text/plain' }).end();
    else if (resource === 'namespaces' && (verb === 'delete' || this.#isNamespaceGone)) {
      json(response, { kind: 'Status', message: 'gone' }, this.#isNamespaceGone ? 404 : 200);
      this.#isNamespaceGone = true;
    } else if (resource === 'services') json(response, this.#service());
    else json(response, { metadata: { name: name ?? 'x' } }, verb === 'create' ? 201 : 200);
  }

  #items(resource: string): object[] {
    if (resource === 'pods') return this.#pods;
    if (resource === 'services') return [this.#service()];
    return resource === 'endpointslices' ? [this.#slice()] : [];
  }

  #workload(name = 'web') {
    const counts = { replicas: this.#replicas, availableReplicas: this.#replicas, updatedReplicas: this.#replicas };
    return {
      metadata: { name, namespace: 'ns', generation: this.#generation },
      spec: {
        replicas: this.#replicas,
        selector: { matchLabels: this.#labels },
        template: {
          metadata: { labels: this.#labels },
          spec: { containers: [{ name: 'app', image: 'i', ports: [{ containerPort: 8080 }] }] },
        },
      },
      status: { observedGeneration: this.#generation, ...counts, currentRevision: 'r', updateRevision: 'r' },
    };
  }

  #service() {
    const spec = { selector: this.#labels, clusterIP: '10.0.0.1', ports: [{ port: 80, targetPort: 8080 }] };
    return { metadata: { name: 'web', namespace: 'ns' }, spec };
  }

  #slice() {
    return {
      metadata: {
        name: 's',
        uid: 's',
        resourceVersion: String(this.#version++),
        labels: { 'kubernetes.io/service-name': this.#serviceName },
      },
      endpoints: this.#pods.map(({ metadata }) => ({ conditions: { ready: true }, targetRef: { uid: metadata.uid } })),
    };
  }

  get #serviceName(): string {
    return this.#labels['app.kubernetes.io/name'] ?? 'web';
  }

  #tell(resource: string, type: string, object: object): void {
    for (const watch of this.#watches.get(resource) ?? []) watch.write(`${JSON.stringify({ type, object })}\n`);
  }
}

interface Call {
  verb: string;
  group: string;
  resource: string;
  name: string | undefined;
}

/** Undefined for what every account may do: read versions and kinds. */
function callOf(method: string, url: URL): Call | undefined {
  const path =
    /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/namespaces\/[^/]+(?=\/[^/]))?\/([^/]+)(?:\/([^/]+))?(?:\/(\w+))?/;
  const [, group = '', resource, name, subresource] = path.exec(url.pathname) ?? [];
  if (resource === undefined) return undefined;
  const reading = url.searchParams.has('watch') ? 'watch' : name === undefined ? 'list' : 'get';
  const deleting = name === undefined ? 'deletecollection' : 'delete';
  const verb = { GET: reading, POST: 'create', PATCH: 'patch', DELETE: deleting }[method] ?? method;
  return { verb, group, resource: subresource === undefined ? resource : `${resource}/${subresource}`, name };
}

function discovery({ pathname }: URL): object {
  if (pathname.startsWith('/version')) return { major: '1', minor: '34', gitVersion: 'v1.34.4' };
  const kinds = { Service: 'services', Deployment: 'deployments' };
  return { resources: Object.entries(kinds).map(([kind, name]) => ({ kind, name, namespaced: true })) };
}

function written(permissions: readonly Permission[]): string[] {
  return permissions
    .flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${group}/${resource}`))
    .sort();
}

async function calledBy(
  t: TestContext,
  cluster: RecordingCluster,
  work: (server: string) => Promise<void>,
): Promise<string[]> {
  await work(await httpServer(t, cluster.server));
  return [...cluster.calls].sort();
}

const TRIAL = () => ({ clock: startClock(), signal: new AbortController().signal });

describe('run on a cluster', () => {
  for (const kind of ['Deployment', 'StatefulSet'] as const) {
    for (const mode of ['plain', 'trigger', 'dry run'] as const) {
      it(`${kind}, ${mode}`, async (t) => {
        const cluster = new RecordingCluster();
        cluster.replacePods();
        const disruption: PlannedDisruption =
          mode === 'trigger' ? { kind: 'command', command: 'true' } : { kind: 'rollout' };
        const dryRun = mode === 'dry run';
        const called = await calledBy(t, cluster, async (server) => {
          const flags = { [kind.toLowerCase()]: 'web', url: 'http://127.0.0.1:9', disruption, dryRun };
          const { api, reference, url, manifests, replicas } = await liveService(flags, connect({ server }));
          if (dryRun) return;
          const existing = new ExistingCluster({ api, workload: reference, url, replicas });
          const deployed = await existing.deploy({ manifests, disruption, ...TRIAL() });
          const disrupted = deployed.disrupt();
          if (mode === 'trigger') setTimeout(() => cluster.replacePods(), 300);
          await disrupted;
          await deployed.remove();
        });
        assert.deepEqual(called, written(runPermissions({ kind, disruption: disruption.kind, dryRun })));
      });
    }
  }
});

/** Permissions for the load, which does not run here: k6's Job, and its REST API through the proxy. */
const OF_THE_LOAD = ['create /configmaps', 'create batch/jobs'];
/** Server-side apply also creates objects, in a single request. */
const APPLIED = ['create /services', 'create apps/deployments'];

it('compare on a cluster', async (t) => {
  const manifests = readManifests(readRendered('valid-bun'), 'valid-bun');
  const { replicas = 1, template } = manifests.workload.spec as {
    replicas?: number;
    template: { metadata?: { labels?: Record<string, string> } };
  };
  const serviceName = { 'app.kubernetes.io/name': manifests.service.metadata.name };
  const cluster = new RecordingCluster({ ...template.metadata?.labels, ...serviceName }, replicas);
  const called = await calledBy(t, cluster, async (server) => {
    const api = connect({ server });
    await preflight(api);
    await deleteLeftNamespaces(api);
    const deploying = new KubernetesCluster({ api, namespacePrefix: 'rollout-test' }).deploy({ manifests, ...TRIAL() });
    setTimeout(() => cluster.replacePods(), 300);
    const deployed = await deploying;
    await deployed.disrupt();
    await deployed.remove();
  });
  assert.deepEqual(
    called,
    written(PERMISSIONS).filter((one) => ![...OF_THE_LOAD, ...APPLIED].includes(one)),
  );
});
