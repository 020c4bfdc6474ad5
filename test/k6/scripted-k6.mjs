/**
 * Stands in for k6, and does what a real one does too seldom for a test. SCRIPTED_K6 names the fault; the lines that it
 * prints are those of loadtest.js.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const does = process.env.SCRIPTED_K6;
const args = process.argv.slice(2);
const env = Object.fromEntries(args.filter((_, nth) => args[nth - 1] === '--env').map((pair) => pair.split(/=(.*)/)));

if (args[0] === 'version') version();
else run();

function version() {
  if (does === 'does not know its version') {
    console.error('no version');
    process.exit(3);
  }
  console.log('k6 v9.8.7 (scripted)');
}

function run() {
  process.on('SIGINT', () => {
    if (does === 'ignores SIGINT') return;
    if (does !== 'leaves no summary') writeSummary();
    process.exit(0);
  });
  writeFileSync(process.env.SCRIPTED_K6_STARTED, '');
  if (does === 'ends before its first request') {
    writeSummary();
    process.exit(0);
  }
  if (does === 'makes no request') setInterval(() => {}, 1000);
  else load();
}

function load() {
  const { scenarios } = JSON.parse(readFileSync(env.WORKLOAD, 'utf8'));
  console.error(JSON.stringify({ startedAtMs: Date.now() }));
  let iteration = 0;
  setInterval(() => {
    for (const { name } of scenarios) console.error(JSON.stringify(success(name, iteration)));
    iteration++;
    if (does === 'dies' && iteration === 2) {
      console.error('Request Failed');
      console.error('runtime: out of memory');
      process.exit(2);
    }
  }, 10);
}

function success(scenario, iteration) {
  const nowMs = Date.now();
  return {
    scenario,
    iteration,
    startedAtMs: nowMs,
    endedAtMs: nowMs,
    failed: false,
    vu: 1,
    pod: 'pod-1',
    latencyMs: 1,
    connection: iteration === 0 ? 'fresh' : 'reused',
  };
}

function writeSummary() {
  writeFileSync(env.OUT, JSON.stringify({ format: 'k8s-rollout-test/k6-summary/1', dropped: 3 }));
}
