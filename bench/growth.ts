/**
 * How time and memory of analysis and report grow with the number of requests: `npm run bench:growth`. Each size runs in a
 * process of its own. A trial of 1,000,000 requests lasts 40 minutes at this project's rate; one in a hundred fails.
 */
import { execFileSync } from 'node:child_process';
import { analyse } from '../src/analysis/result.ts';
import { reportContents } from '../src/report/contents.ts';
import { htmlReport } from '../src/report/html/page.ts';
import { measuredRun, newRun } from '../src/results/run.ts';
import { emptyHistogram, encodeHistogram } from '../src/trace/histogram.ts';
import { TRACE_FORMAT, type Trace } from '../src/trace/trace.ts';
import { record } from './record.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const RATE_PER_MS = 0.42;

const REFUSED = { phase: 'connect' as const, error: 'ECONNREFUSED' };

function trace(requests: number): Trace {
  const lengthMs = requests / RATE_PER_MS;
  const failures = Array.from({ length: requests / 100 }, (_, i) => {
    const startedMs = (i * lengthMs) / (requests / 100);
    return {
      id: `r-${i}`,
      scenario: 'fresh',
      startedMs,
      endedMs: startedMs + 3,
      client: { connection: 'fresh' as const, ...REFUSED },
      attempts: [
        {
          via: 'node1',
          pod: { uid: `old-${i % 3}`, name: `old-${i % 3}` },
          connection: { state: 'fresh' as const },
          startedMs,
          endedMs: startedMs + 3,
          ...REFUSED,
        },
      ],
    };
  });
  const buckets = Math.ceil(lengthMs / 100);
  const successes = Array.from({ length: buckets }, (_, bucket) => ({
    scenario: 'fresh',
    pod: 'old-0',
    bucket,
    count: 42,
  }));
  const latency = emptyHistogram();
  for (let i = 0; i < requests; i++) latency.recordValue(500 + (i % 5000));
  const pods = Array.from({ length: 6 }, (_, i) => {
    const name = `${i < 3 ? 'old' : 'new'}-${i % 3}`;
    const run = { restarts: 0, startedMs: 5, ...(i < 3 ? { stoppedListeningMs: 101, endedMs: lengthMs } : {}) };
    return {
      uid: name,
      name,
      generation: i < 3 ? ('old' as const) : ('new' as const),
      node: 'node1',
      createdMs: 0,
      readyMs: 10,
      ...(i < 3 ? { deletionMs: 100 } : {}),
      containers: [{ name: 'app', serves: true, runs: [run], ...(i < 3 ? { stopSignalMs: 100 } : {}) }],
    };
  });
  return {
    format: TRACE_FORMAT,
    trial: {
      runtime: 'node',
      runtimeVersion: '0',
      variant: 'broken',
      repeat: 0,
      cluster: 'local',
      load: 'builtin',
      seed: 1,
      run: 'run',
    },
    clock: { startedAtEpochMs: 0 },
    machine: { platform: 'linux', arch: 'x64', cores: 2, node: '0' },
    settings: {
      workload: 'Deployment',
      replicas: 3,
      strategy: 'RollingUpdate',
      maxSurge: 1,
      maxUnavailable: 0,
      gracePeriodMs: 30_000,
      readinessProbe: true,
    },
    disruption: { kind: 'rollout', atMs: 50 },
    loadStartMs: 0,
    loadStopMs: lengthMs,
    cluster: { pods, routerViews: [], events: [], pid1: true },
    load: {
      generator: 'simulated',
      plannedRequests: requests,
      droppedRequests: 0,
      failures,
      successes,
      latency: { fresh: encodeHistogram(latency) },
    },
  };
}

const [size] = process.argv.slice(2);
if (size === undefined) {
  const rows = SIZES.map((requests) => {
    const output = execFileSync(process.execPath, ['--import', 'tsx', import.meta.filename, String(requests)]);
    return JSON.parse(output.toString()) as object;
  });
  record('growth', rows);
} else {
  const requests = Number(size);
  const input = trace(requests);
  const beforeMs = performance.now();
  const result = analyse(input);
  const analysedMs = performance.now();
  const page = htmlReport(reportContents(measuredRun(newRun('comparison'), [{ result, trace: input }])));
  const reportedMs = performance.now();
  process.stdout.write(
    JSON.stringify({
      requests,
      failures: input.load.failures.length,
      analysisMs: Math.round(analysedMs - beforeMs),
      reportMs: Math.round(reportedMs - analysedMs),
      reportKB: Math.round(page.length / 1000),
      peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1000),
    }),
  );
}
