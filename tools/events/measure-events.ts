/**
 * Measures each event on one of the clusters, for docs/fidelity.md:
 * `npm run fidelity:events -- local|kubernetes [NAME...]`. On a real cluster, kubectl and the current context are used.
 * The image for Node must be on the nodes, and the nodes must be reachable from this machine, which sends the load.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { projectFile } from '../../src/project-file.ts';
import { MEASUREMENTS, type Measurement, PLACES, type Place, resultFile, VARIANTS, WORKLOADS } from './measurements.ts';
import { assertOthersStayed } from './untouched-pods.ts';

const NAMESPACE = 'rollout-test-events';
/** Both clusters get the same load, from the same generator. */
const LOAD = ['--rate', '150'];
/** The first worker of the test cluster; the local cluster has a node of that name too. */
const NODES: Record<Place, string> = { local: 'node1', kubernetes: process.env.NODE_TO_DRAIN ?? 'node1' };

const [place, ...names] = process.argv.slice(2) as [Place, ...string[]];
if (!PLACES.includes(place)) throw new Error('usage: npm run fidelity:events -- local|kubernetes [NAME...]');
const wanted = MEASUREMENTS.filter(({ name }) => names.length === 0 || names.includes(name));
for (const measurement of wanted) {
  const out = mkdtempSync(join(tmpdir(), 'events-'));
  try {
    measure(measurement, out);
    assertOthersStayed(out);
    cpSync(join(out, 'result.json'), resultFile(measurement, place));
  } finally {
    rmSync(out, { recursive: true });
  }
}

function measure(measurement: Measurement, folder: string): void {
  const event = measurement.event.replace('NODE', NODES[place]);
  const out = [...LOAD, '--repeat', String(measurement.repeats), '--event', event, '--no-logs', '--out', folder];
  process.stderr.write(`${measurement.name} on ${place}\n`);
  const { workload } = measurement;
  if (workload === undefined) {
    const variants = ['--runtime', 'node', '--variant', VARIANTS.join(',')];
    const url = place === 'local' ? [] : ['--url', `http://${nodeAddress()}:{nodePort}`];
    program(['compare', '--on', place, ...url, ...variants, ...out]);
    return;
  }
  const file = join(import.meta.dirname, `${workload}.yaml`);
  const { kind } = WORKLOADS[workload];
  if (place === 'local') {
    program(['run', '-f', file, ...commands(file), ...out]);
    return;
  }
  kubectl(['create', 'namespace', NAMESPACE]);
  try {
    kubectl(['apply', '-n', NAMESPACE, '-f', file]);
    kubectl(['rollout', 'status', '-n', NAMESPACE, `${kind}/server`, '--timeout=120s']);
    const port = kubectl(['get', 'service', 'server', '-n', NAMESPACE, '-o', 'jsonpath={.spec.ports[0].nodePort}']);
    const url = ['--url', `http://${nodeAddress()}:${port}`];
    program(['run', '--on', place, '-n', NAMESPACE, `--${kind}`, 'server', '--yes', ...url, ...out]);
  } finally {
    kubectl(['delete', 'namespace', NAMESPACE]);
  }
}

/** Each container's own command, because without --exec only the one that gets the requests runs. */
function commands(file: string): string[] {
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
  const { spec } = objects.find((object) => object.spec.template).spec.template;
  const containers: { name: string; command: string[] }[] = [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.flatMap(({ name, command }) => ['--exec', `${name}=${command.map(quoted).join(' ')}`]);
}

/** None of the commands contains a single quote. */
function quoted(word: string): string {
  return `'${word}'`;
}

function nodeAddress(): string {
  return kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}']);
}

/** Broken requests (exit code 1) are a result. */
function program(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [projectFile('dist/cli.js'), ...args], { stdio: 'inherit' });
  if (status !== 0 && status !== 1) throw new Error(`exit code ${status}`);
}

function kubectl(args: readonly string[]): string {
  const { status, stdout } = spawnSync('kubectl', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${status}`);
  return stdout.trim();
}
