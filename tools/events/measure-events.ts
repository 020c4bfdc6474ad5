/**
 * Measures each event on one of the clusters, for docs/fidelity.md:
 * `npm run fidelity:events -- local|kubernetes [NAME...]`. On a real cluster, kubectl and the current context are used.
 * The three images and k6's must be on the nodes, and the nodes must be reachable from this machine.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectFile } from '../../src/project-file.ts';
import { folderOf, MEASUREMENTS, type Measurement, PLACES, type Place, VARIANTS } from './measurements.ts';

const NAMESPACE = 'rollout-test-events';
/** The first worker of the test cluster; the local cluster has a node of that name too. */
const NODES: Record<Place, string> = { local: 'node1', kubernetes: process.env.NODE_TO_DRAIN ?? 'node1' };

const [place, ...names] = process.argv.slice(2) as [Place, ...string[]];
if (!PLACES.includes(place)) throw new Error('usage: npm run fidelity:events -- local|kubernetes [NAME...]');
const wanted = MEASUREMENTS.filter(({ name }) => names.length === 0 || names.includes(name));
for (const measurement of wanted) measure(measurement);

function measure(measurement: Measurement): void {
  const event = measurement.event.replace('NODE', NODES[place]);
  const out = ['--event', event, '--overwrite', '--no-logs', '--out', projectFile(folderOf(measurement, place))];
  process.stderr.write(`${measurement.name} on ${place}\n`);
  const { workload } = measurement;
  if (workload === undefined) {
    const variants = ['--runtime', 'node', '--variant', VARIANTS.join(',')];
    program(['compare', '--on', place, ...variants, ...out]);
    return;
  }
  const file = join(import.meta.dirname, `${workload}.yaml`);
  if (place === 'local') {
    program(['run', '-f', file, ...out]);
    return;
  }
  kubectl(['create', 'namespace', NAMESPACE]);
  try {
    kubectl(['apply', '-n', NAMESPACE, '-f', file]);
    kubectl(['rollout', 'status', '-n', NAMESPACE, `${workload}/server`, '--timeout=120s']);
    const address = kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}']);
    const port = kubectl(['get', 'service', 'server', '-n', NAMESPACE, '-o', 'jsonpath={.spec.ports[0].nodePort}']);
    const url = ['--url', `http://${address}:${port}`];
    program(['run', '--on', place, '-n', NAMESPACE, `--${workload}`, 'server', '--yes', ...url, ...out]);
  } finally {
    kubectl(['delete', 'namespace', NAMESPACE]);
  }
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
