/**
 * A process that does nothing but send load, so its processor time is the generator's. The first argument is a GeneratorRun as
 * JSON; it prints a GeneratorOutcome as JSON.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { builtinLoad } from '../src/load/builtin/builtin.ts';
import type { RunningLoad } from '../src/load/load.ts';
import type { RequestMix } from '../src/load/request-mix.ts';
import { startClock } from '../src/trace/clock.ts';
import { decodeHistogram, percentileMs, sumOfHistograms } from '../src/trace/histogram.ts';
import { bareSockets } from './bare-sockets.ts';
import { HOST } from './server.ts';
import { rounded } from './statistics.ts';

export interface GeneratorRun {
  port: number;
  requestMix: RequestMix;
  seconds: number;
  /** How many builtin loads run at the same time, each with the whole mix. 0 runs bare sockets instead. */
  loads: number;
}

export interface GeneratorOutcome {
  requests: number;
  /** Not started, or failed. */
  missing?: number;
  lateP50Ms?: number;
  lateP99Ms?: number;
}

/** Several loads do not start at the same moment, as those of several trials do not. */
const START_EVERY_MS = 500;

const run = JSON.parse(process.argv[2] ?? '') as GeneratorRun;
const outcome = run.loads === 0 ? await bare(run) : await builtin(run);
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));

async function builtin({ port, requestMix, seconds, loads }: GeneratorRun): Promise<GeneratorOutcome> {
  const running: RunningLoad[] = [];
  for (let index = 0; index < loads; index++) {
    if (index > 0) await delay(START_EVERY_MS);
    running.push(
      await builtinLoad.start({
        requestMix,
        target: { kind: 'url', url: `http://${HOST}:${port}` },
        clock: startClock(),
        seed: index,
        maxDurationMs: 300_000,
        signal: new AbortController().signal,
      }),
    );
  }
  await delay(seconds * 1000);
  const records = await Promise.all(running.map(async (load) => (await load.stop()).record));
  const sum = (of: (record: (typeof records)[number]) => number) => records.reduce((all, one) => all + of(one), 0);
  const lateness = sumOfHistograms(records.map((record) => decodeHistogram(record.lateness ?? '')));
  return {
    requests: sum(({ plannedRequests }) => plannedRequests),
    missing: sum(({ droppedRequests, failures }) => droppedRequests + failures.length),
    lateP50Ms: rounded(percentileMs(lateness, 50)),
    lateP99Ms: rounded(percentileMs(lateness, 99)),
  };
}

async function bare({ port, requestMix, seconds }: GeneratorRun): Promise<GeneratorOutcome> {
  return { requests: await bareSockets(requestMix, { host: HOST, port }, seconds) };
}
