/** What `run --dry-run` prints: what would be run on this machine, and what becomes of the input. */
import {
  type FieldReport,
  fieldReport,
  type ReportedField,
  type ReportedKind,
} from '../clusters/local/fields/field-report.ts';
import { refusalLine } from '../clusters/local/fields/supported.ts';
import { NODES } from '../clusters/local/nodes.ts';
import type { LocalImage } from '../clusters/local/pod-spec.ts';
import type { Container } from '../kubernetes-rules/objects.ts';
import { podPorts } from '../kubernetes-rules/ports.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { stopSignalOf } from '../kubernetes-rules/stop-signal.ts';
import { requestScenarios, sessionScenarios, totalRate } from '../load/request-mix.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { nameOf } from '../manifests/placed-objects.ts';
import { hookText } from '../own-service/intentions.ts';
import type { LocalService } from '../own-service/plan.ts';
import { printableData } from '../printable.ts';
import { assumptionLine } from './assumptions.ts';
import { counted } from './format.ts';

export interface Preview {
  manifests: Manifests;
  report: FieldReport;
  /** Absent if no command could be found for the container that gets the requests. */
  service?: LocalService;
}

/** Text for people, ending with a newline. */
export function renderPreview(preview: Preview): string {
  const { manifests, report } = preview;
  const of = (outcome: ReportedField['outcome']) => report.fields.filter((field) => field.outcome === outcome);
  const lines = [
    ...runLines(preview),
    '',
    ...section('Carried out', byObject(of('carried out'))),
    ...section('No effect here', byReason(of('no effect'))),
    ...section('Other objects', report.others.map(otherLine)),
    ...section('Assumed', manifests.assumed.map(assumptionLine)),
    ...section('Refused', of('refused').map(refusalLine)),
  ];
  return `${printableData(lines).join('\n')}\n`;
}

/** The same as data, for `--json`. */
export function previewDocument(preview: Preview) {
  const { manifests, report, service } = preview;
  const { workload, assumed, notes } = manifests;
  const { type, ...limits } = effectiveStrategy(workload, NODES.length);
  return {
    workload: { kind: workload.kind, name: workload.metadata.name, namespace: workload.metadata.namespace },
    service: { name: manifests.service.metadata.name, port: manifests.service.spec.ports[0] },
    strategy: { type, ...limits },
    gracePeriodSeconds: workload.spec.template.spec.terminationGracePeriodSeconds,
    containers: containersOf(preview).map(({ container, image, serves }) => ({
      name: container.name,
      command: image?.standIn ? null : (image?.command ?? null),
      serves,
    })),
    requestMix: service?.requestMix,
    notes,
    fields: report.fields.map(({ object, field, outcome, why, name }) => ({
      object: { kind: object.kind, name: object.metadata.name },
      field,
      outcome,
      ...(why !== undefined && { why }),
      ...(name !== undefined && { assume: name }),
    })),
    otherObjects: report.others.map(({ kind, count, read, why }) => ({ kind, count, read, why })),
    assumed,
  };
}

/** The kinds of the input that have no effect, in one line; undefined if there are none. */
export function leftOut(manifests: Manifests): string | undefined {
  const kinds = fieldReport(manifests).others.filter(({ read, leavesOut }) => read === undefined || leavesOut);
  if (kinds.length === 0) return undefined;
  const names = kinds.map(({ kind, count }) => (count === 1 ? kind : `${count} ${kind}`));
  return `left out: ${names.join(', ')} (--dry-run says why)`;
}

function runLines({ manifests, service, report: _, ...preview }: Preview): string[] {
  const { workload, notes } = manifests;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(workload, NODES.length);
  const [port] = manifests.service.spec.ports;
  const strategy = type === 'RollingUpdate' ? `${type}, maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}` : type;
  return [
    `${nameOf(workload)} behind ${nameOf(manifests.service)}, port ${port.port}, target port ${port.targetPort}`,
    ...notes.map((note) => `  ${note}`),
    `  ${counted(replicas, 'replica')}; ${strategy}; grace period ${workload.spec.template.spec.terminationGracePeriodSeconds} s`,
    ...containersOf({ manifests, service, ...preview }).map(containerLine),
    ...(service ? loadLines(service) : []),
  ];
}

interface PreviewedContainer {
  container: Container;
  image: LocalImage | undefined;
  serves: boolean;
}

function containersOf({ manifests, service }: Pick<Preview, 'manifests'> & { service?: LocalService | undefined }) {
  const pod = manifests.workload.spec.template.spec;
  const { servedBy } = podPorts(pod, manifests.service);
  return [...(pod.initContainers ?? []), ...pod.containers].map(
    (container): PreviewedContainer => ({
      container,
      image: service?.images[container.name],
      serves: container.name === servedBy,
    }),
  );
}

function containerLine({ container, image, serves }: PreviewedContainer): string {
  const command = image?.standIn
    ? 'no command: a process that does nothing takes its place'
    : (image?.command.join(' ') ?? `no command: name one with --exec ${container.name}="COMMAND"`);
  const signal = stopSignalOf(container) ?? image?.stopSignal ?? 'SIGTERM';
  const requests = serves ? '; gets the requests' : '';
  return `  container ${container.name}: ${command}; preStop: ${hookText(container.lifecycle?.preStop)}; ${signal}${requests}`;
}

/** "200 requests per second: fresh GET /" and "100 sessions: websocket /ws", as far as there are any. */
function loadLines({ requestMix }: LocalService): string[] {
  const requests = requestScenarios(requestMix).map(({ name, method, path }) => `${name} ${method} ${path}`);
  const sessions = sessionScenarios(requestMix).map(
    ({ name, path, connections }) => `${connections} × ${name} ${path}`,
  );
  return [
    ...(requests.length > 0 ? [`  ${totalRate(requestMix)} requests per second: ${requests.join(', ')}`] : []),
    ...(sessions.length > 0 ? [`  sessions held open: ${sessions.join(', ')}`] : []),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** The fields of each object below its name. */
function byObject(fields: readonly ReportedField[]): string[] {
  return grouped(fields, ({ object }) => nameOf(object)).flatMap(([name, some]) => [name, ...fieldLines(some)]);
}

/** The fields that have the same reason below it. */
function byReason(fields: readonly ReportedField[]): string[] {
  const groups = grouped(fields, ({ object, why }) => `${nameOf(object)}: ${why}`);
  return groups.flatMap(([reason, some]) => [reason, ...fieldLines(some)]);
}

function grouped(fields: readonly ReportedField[], keyOf: (field: ReportedField) => string) {
  const groups = new Map<string, ReportedField[]>();
  for (const field of fields) {
    const key = keyOf(field);
    const group = groups.get(key);
    if (group) group.push(field);
    else groups.set(key, [field]);
  }
  return [...groups];
}

/** A longer line is hard to read, and would be shortened. */
const LINE_WIDTH = 110;

function fieldLines(fields: readonly ReportedField[]): string[] {
  const lines: string[] = [];
  for (const { field } of fields) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + field.length + 2 <= LINE_WIDTH)
      lines[lines.length - 1] = `${last}, ${field}`;
    else lines.push(`  ${field}`);
  }
  return lines;
}

function otherLine({ kind, count, read, why }: ReportedKind): string {
  return `${counted(count, kind, kind)}: ${read === undefined ? 'no effect' : `only ${read} count`} (${why})`;
}
