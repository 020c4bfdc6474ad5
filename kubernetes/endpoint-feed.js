/**
 * Tells an Envoy in the same pod of the ready endpoints of a Service: writes them to a file of its endpoint discovery
 * service, and again at each change of the Service's EndpointSlices. Runs in the gateway's pod and needs only Node.
 *
 *   node endpoint-feed.mjs NAMESPACE SERVICE FILE [once]
 *
 * With "once", it ends after the first file, without which Envoy does not start. The pod's service account must be
 * allowed to list and watch EndpointSlices, and NODE_EXTRA_CA_CERTS must name the certificate of the API server.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const TOKEN = process.env.TOKEN_FILE ?? '/var/run/secrets/kubernetes.io/serviceaccount/token';
const RETRY_MS = 200;

const [namespace, service, file, once] = process.argv.slice(2);
const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
const server = process.env.API_SERVER ?? `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
const collection = `${server}/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
const selector = `labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service}`)}`;
/** The slices by name. */
const slices = new Map();

for (;;) {
  try {
    const version = await list();
    write();
    if (once) break;
    await watch(version);
  } catch (error) {
    console.error(String(error.cause ?? error));
  }
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

async function list() {
  const { items, metadata } = await (await ask(selector)).json();
  slices.clear();
  for (const slice of items) slices.set(slice.metadata.name, slice);
  return metadata.resourceVersion;
}

/** Returns when the server ends the watch. */
async function watch(version) {
  const response = await ask(`${selector}&watch=true&resourceVersion=${version}`);
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter(Boolean)) note(JSON.parse(line));
  }
}

async function ask(query) {
  const authorization = `Bearer ${readFileSync(TOKEN, 'utf8').trim()}`; // the kubelet renews it
  const response = await fetch(`${collection}?${query}`, { headers: { authorization } });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

function note({ type, object }) {
  if (type === 'ERROR') throw new Error(object.message);
  if (type === 'DELETED') slices.delete(object.metadata.name);
  else slices.set(object.metadata.name, object);
  write();
}

/** Writes beside the file and renames, because that is what Envoy watches for. */
function write() {
  const lb_endpoints = [...slices.values()].flatMap(({ endpoints, ports }) =>
    (endpoints ?? [])
      .filter(({ conditions }) => (conditions?.ready ?? true) && !conditions?.terminating)
      .map(({ addresses }) => ({
        endpoint: { address: { socket_address: { address: addresses[0], port_value: ports[0].port } } },
      })),
  );
  const assignment = {
    '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
    cluster_name: 'pods',
    endpoints: [{ lb_endpoints }],
  };
  writeFileSync(`${file}.new`, JSON.stringify({ resources: [assignment] }));
  renameSync(`${file}.new`, file);
}
