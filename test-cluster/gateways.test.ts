/**
 * Trials through gateways in the namespace of each trial. Needs on the nodes the image of Node and those that the folders of
 * src/gateways name.
 */
import assert from 'node:assert/strict';
import type { TrialResult } from '../src/analysis/result.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { Result } from '../src/results/result-file.ts';
import { run } from '../test/cli/program.ts';
import { reachableFromPods } from './reachable-from-pods.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test } = witnessed(api);
const PREFIX = `gateways-${process.pid}`;
const MINUTES_MS = 60_000;

/**
 * What each gateway sends to, what results call the way through it, and a variant that breaks requests behind it. Without
 * a preStop hook, nginx breaks 0 to 7 requests, because it reaches the pods through kube-proxy.
 */
const WAYS = [
  ['traefik', 'traefik', 'pods', 'without-pre-stop', 3],
  ['envoy', 'envoy', 'pods', 'without-pre-stop', 3],
  ['nginx', 'nginx-service', 'service', 'broken', 1],
] as const;

for (const [name, through, upstream, breaking, replicas] of WAYS) {
  test(`${breaking} and valid, through ${name}`, async (t) => {
    await reachableFromPods(t, api);
    const place = ['--on', 'kubernetes', '--namespace', PREFIX, '--rate', '150', '--json'];
    const args = ['--runtime', 'node', '--variant', `${breaking},valid`, '--through', name];
    const { stdout, stderr } = await run(t, ['compare', ...place, ...args], { deadlineMs: 8 * MINUTES_MS });
    assert.notEqual(stdout, '', stderr);
    const { trials } = Result.parse(JSON.parse(stdout));
    const of = (variant: string) => trials.find((trial) => trial.variant === variant) as TrialResult;
    for (const trial of trials) {
      assert.deepEqual([trial.through, trial.gateway?.upstream], [through, upstream]);
      assert.match(trial.gateway?.version ?? '', /^\d+\.\d+/);
      assert.equal(trial.podsReplaced, trial.variant === 'valid' ? 3 : replicas);
    }
    const [broken, valid] = [of(breaking), of('valid')];
    assert.ok(broken.failed > 0, JSON.stringify(broken));
    // Behind the Service's address, it is not always known which connection a request had.
    const known = upstream === 'pods' && broken.valid;
    if (known) assert.ok(broken.causes.unexplained <= Math.max(2, 0.05 * broken.failed), JSON.stringify(broken.causes));
    if (valid.valid) assert.ok(valid.failed <= 0.01 * valid.exposed, JSON.stringify(valid.causes));
    const { items } = await api.core.listNamespace();
    const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
    assert.deepEqual(
      names.filter((each) => each.startsWith(PREFIX)),
      [],
    );
  });
}
