/** `compare` end to end: real rollouts of all three runtimes under load, and what remains after an interruption. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TrialResult } from '../../src/analysis/result.ts';
import { Result } from '../../src/results/result-file.ts';
import { Trace } from '../../src/trace/trace.ts';
import { CAN_SEE_PROCESSES, run, start, until } from './program.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'compare-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('rolls out every runtime and reports what broke, and why', async (t) => {
  const out = folder(t);
  const variants = ['valid', 'broken', 'without-pre-stop', 'control'];
  const ended = await run(t, ['compare', '--variant', variants.join(','), '--rate', '105', '--json', '--out', out]);
  const { trials } = Result.parse(JSON.parse(ended.stdout));
  assert.equal(trials.length, 12);
  for (const runtime of ['node', 'bun', 'deno']) {
    const of = (variant: string) => trials.find((t) => t.runtime === runtime && t.variant === variant) as TrialResult;
    const told = (trial: TrialResult) => JSON.stringify(trial);
    assert.equal(of('valid').failed, 0, told(of('valid')));
    assert.equal(of('valid').podsReplaced, 3);
    assert.ok(of('valid').exposed > 500, told(of('valid')));
    assert.ok(of('valid').failedUpperBound < 0.01);
    assert.equal(of('control').failed, 0, told(of('control')));
    assert.ok(of('broken').failed > 10, told(of('broken')));
    assert.equal(of('broken').podsReplaced, 1);
    const broken = of('without-pre-stop');
    assert.ok(broken.failed > 0, told(broken));
    // If the load was late, pods were late too, and cut connections that they had not accepted yet.
    const { 'routing-lag': lag, 'keep-alive-race': race } = broken.causes;
    if (broken.valid) assert.ok(lag + race >= 0.95 * broken.failed, told(broken));
  }
  // On a busy machine that delays the load, the exit code is 3 and the output says why. Nothing else may make a trial
  // invalid.
  const reasons = trials.flatMap((trial) => trial.invalidReasons);
  assert.deepEqual(
    reasons.filter((reason) => !reason.startsWith('the schedule was not kept')),
    [],
  );
  assert.equal(ended.code, reasons.length === 0 ? 0 : 3, ended.stderr);

  assert.deepEqual(Result.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).trials, trials);
  const traces = readdirSync(join(out, 'traces'));
  assert.equal(traces.length, 12);
  for (const name of traces) Trace.parse(JSON.parse(readFileSync(join(out, 'traces', name), 'utf8')));

  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.equal(page.split('<svg class="timeline"').length - 1, 12, 'a picture of each trial');
  assert.ok(page.length < 500_000, `${page.length} bytes`);
  assert.equal((await run(t, ['report', out, '--format', 'html'])).stdout, page);

  const again = await run(t, ['compare', out]);
  assert.equal(again.code, ended.code);
  assert.match(again.stdout, /^valid: 0 of [\d,]+ exposed requests broke/);
});

test('Ctrl-C ends it with 130 and the results so far, and leaves nothing behind', async (t) => {
  const out = folder(t);
  const program = start(t, ['compare', '--runtime', 'bun', '--variant', 'valid,broken', '--rate', '42', '--out', out]);
  if (CAN_SEE_PROCESSES) await until('pods', () => program.leftovers().length > 5);
  else await until('its first line', () => program.child.stderr !== null);
  program.child.kill('SIGINT');
  program.child.kill('SIGINT'); // an impatient user
  const { code, stderr } = await program.ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /interrupted after 0 of 2 trials\n$/);
  assert.deepEqual(Result.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).trials, []);
  if (CAN_SEE_PROCESSES) await until('the end of every process', () => program.leftovers().length === 0);
});

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} leaves no process behind`, { skip: !CAN_SEE_PROCESSES && 'needs /proc' }, async (t) => {
    const program = start(t, ['compare', '--runtime', 'node', '--variant', 'broken,valid', '--rate', '42']);
    await until('pods', () => program.leftovers().length > 5);
    program.child.kill(signal);
    const { code } = await program.ended;
    assert.equal(code, signal === 'SIGKILL' ? null : 130);
    await until('the end of every process', () => program.leftovers().length === 0);
  });
}
