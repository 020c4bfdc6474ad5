import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyse } from '../../src/analysis/result.ts';
import { projectFile } from '../../src/project-file.ts';
import { withoutPodOutput } from '../../src/trace/pod-output.ts';
import { Trace } from '../../src/trace/trace.ts';

test('a trace without pod output gives the same analysis and contains nothing that was printed', () => {
  const file = projectFile('docs/results/local/traces/without-pre-stop-node-1.json');
  const trace = Trace.parse(JSON.parse(readFileSync(file, 'utf8')));
  const [pod] = trace.cluster.pods;
  pod?.containers[0]?.log?.push('token=secret');
  trace.cluster.events.push({ atMs: 1, type: 'BackOff', message: 'container exited (1): token=secret' });
  assert.match(JSON.stringify(trace), /secret/);
  const kept = withoutPodOutput(trace);
  assert.doesNotMatch(JSON.stringify(kept), /secret|"log"/);
  assert.deepEqual(analyse(kept), analyse(trace));
  assert.equal(kept.cluster.events.at(-1)?.type, 'BackOff');
});
