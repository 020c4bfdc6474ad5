/**
 * Single values that the API server rejects, beyond those of admission.ts: names, ports, and pairs of fields that exclude
 * each other. The messages come from a server-side dry run against Kubernetes 1.34, which also quotes the whole spec of a
 * budget.
 */
import type { Refusal } from './admission.ts';

type Refuse = (field: string, reason: string) => void;
type Fields = Record<string, unknown>;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE_NAME_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const PORT_RULE = 'must be between 1 and 65535, inclusive';

/**
 * Every such value of an object whose fields have the right types. A name with a placeholder (`$NAME`, `{{name}}`) is not
 * judged, because something replaces it later.
 */
export function objectRefusals({ apiVersion, kind, metadata, spec }: AnyObject): Refusal[] {
  const judge = JUDGES[`${apiVersion} ${kind}`];
  if (!judge) return [];
  const refusals: Refusal[] = [];
  const refuse: Refuse = (field, reason) => refusals.push({ field, reason });
  const [pattern, rule] = kind === 'Service' ? [SERVICE_NAME, SERVICE_NAME_RULE] : [SUBDOMAIN, SUBDOMAIN_RULE];
  if (!isPlaceholder(metadata.name) && !pattern.test(metadata.name)) {
    refuse('metadata.name', invalid(metadata.name, rule));
  }
  judge(fieldsOf(spec), refuse);
  return refusals;
}

interface AnyObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: unknown;
}

/** By API version and kind; other objects are not judged. */
const JUDGES: Readonly<Record<string, (spec: Fields, refuse: Refuse) => void>> = {
  'apps/v1 Deployment': refusePod,
  'apps/v1 StatefulSet': refusePod,
  'apps/v1 DaemonSet': refusePod,
  'v1 Service': refuseService,
  'autoscaling/v1 HorizontalPodAutoscaler': refuseAutoscaler,
  'autoscaling/v2 HorizontalPodAutoscaler': refuseAutoscaler,
  'policy/v1 PodDisruptionBudget': refuseBudget,
};

function refusePod({ template }: Fields, refuse: Refuse): void {
  const pod = fieldsOf(fieldsOf(template).spec);
  const at = 'spec.template.spec';
  const { restartPolicy } = pod;
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    refuse(`${at}.restartPolicy`, `Unsupported value: ${JSON.stringify(restartPolicy)}: supported values: "Always"`);
  }
  const names = new Set<unknown>();
  for (const list of ['initContainers', 'containers']) {
    listOf(pod[list]).forEach((container, index) => {
      refuseContainer(container, `${at}.${list}[${index}]`, names, refuse);
    });
  }
}

function refuseContainer({ name, image, ports }: Fields, at: string, names: Set<unknown>, refuse: Refuse): void {
  if (name === '') refuse(`${at}.name`, 'Required value');
  else if (typeof name === 'string' && !isPlaceholder(name) && !LABEL.test(name)) {
    refuse(`${at}.name`, invalid(name, LABEL_RULE));
  } else if (names.has(name)) refuse(`${at}.name`, `Duplicate value: ${JSON.stringify(name)}`);
  names.add(name);
  if (image === undefined || image === '') refuse(`${at}.image`, 'Required value');
  listOf(ports).forEach(({ containerPort, hostPort, name: portName }, index) => {
    const place = `${at}.ports[${index}]`;
    if (!isPort(containerPort)) refuse(`${place}.containerPort`, invalid(containerPort, PORT_RULE));
    if (hostPort !== undefined && hostPort !== 0 && !isPort(hostPort))
      refuse(`${place}.hostPort`, invalid(hostPort, PORT_RULE));
    if (typeof portName === 'string' && portName.length > 15) {
      refuse(`${place}.name`, invalid(portName, 'must be no more than 15 characters'));
    }
  });
}

function refuseService({ ports, clusterIP, type }: Fields, refuse: Refuse): void {
  const list = listOf(ports);
  if (list.length === 0 && clusterIP !== 'None' && type !== 'ExternalName') refuse('spec.ports', 'Required value');
  const names = new Set<unknown>();
  list.forEach(({ name, port }, index) => {
    const at = `spec.ports[${index}]`;
    if (list.length > 1 && !name) refuse(`${at}.name`, 'Required value');
    else if (name && names.has(name)) refuse(`${at}.name`, `Duplicate value: ${JSON.stringify(name)}`);
    names.add(name);
    if (!isPort(port)) refuse(`${at}.port`, invalid(port, PORT_RULE));
  });
}

function refuseAutoscaler({ minReplicas, maxReplicas = 0 }: Fields, refuse: Refuse): void {
  if (typeof maxReplicas !== 'number') return;
  if (maxReplicas < 1) refuse('spec.maxReplicas', invalid(maxReplicas, 'must be greater than 0'));
  if (typeof minReplicas === 'number' && maxReplicas < minReplicas) {
    refuse('spec.maxReplicas', invalid(maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
}

function refuseBudget({ minAvailable, maxUnavailable }: Fields, refuse: Refuse): void {
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    refuse('spec', 'Invalid value: minAvailable and maxUnavailable cannot be both set');
  }
}

function isPlaceholder(name: string): boolean {
  return /[${]/.test(name);
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && port >= 1 && port <= 65_535;
}

function invalid(value: unknown, why: string): string {
  return `Invalid value: ${JSON.stringify(value)}: ${why}`;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
