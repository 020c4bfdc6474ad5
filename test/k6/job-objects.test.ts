/** The Job that runs k6 in a cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoadJob, loadJob } from '../../src/load/k6/job-objects.ts';

const JOB: LoadJob = {
  namespace: 'trial-1',
  image: 'grafana/k6:1',
  pods: 2,
  url: 'http://10.96.0.7',
  requestMix: { format: 'k8s-rollout-test/workload/1', scenarios: [] },
  script: '',
  maxDurationMs: 60_000,
};

/** What the script gets. */
function settings(job: LoadJob): string[] {
  const { args = [] } = loadJob(job).spec?.template.spec?.containers[0] ?? {};
  return args.filter((_, index) => args[index - 1] === '--env');
}

test('the script gets a HOST only if the gateway serves other hosts too', () => {
  const plain = settings(JOB);
  assert.ok(plain.includes('URL=http://10.96.0.7'), plain.join());
  assert.deepEqual(
    plain.filter((each) => each.startsWith('HOST')),
    [],
  );
  const virtual = settings({ ...JOB, virtualHost: 'trial-1.example.com' });
  assert.deepEqual(virtual.toSorted(), [...plain, 'HOST=trial-1.example.com'].sort());
});
