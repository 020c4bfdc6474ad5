/** The k6 load generator: runs loadtest.js and reads the line that it prints for each request. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ExitCode, ProgramError } from '../../errors.ts';
import { temporaryFolder } from '../../processes/temporary-folder.ts';
import { projectFile } from '../../project-file.ts';
import { after } from '../../timers.ts';
import type { LoadRecord } from '../../trace/load-record.ts';
import { Count } from '../../trace/units.ts';
import { type LoadGenerator, type LoadOptions, loadExpired, type RunningLoad } from '../load.ts';
import { type K6Exit, K6Process, k6Version, RAN_TO_ITS_END } from './k6-process.ts';
import { RequestLog } from './request-log.ts';

/** The part of loadtest.js's result that is read. */
const Summary = z.object({ format: z.literal('k8s-rollout-test/k6-summary/1'), dropped: Count });

/** k6 normally makes its first request within a second. */
const FIRST_REQUEST_LIMIT_MS = 60_000;

export const k6Load: LoadGenerator = { name: 'k6', start };

async function start(options: LoadOptions): Promise<RunningLoad> {
  const { requestMix, target, clock, signal, maxDurationMs } = options;
  signal.throwIfAborted();
  if (target.kind === 'service') throw new Error('a target of kind service needs a load within its cluster');
  const version = await k6Version(signal);
  const folder = temporaryFolder('k6');
  const summaryFile = join(folder.path, 'summary.json');
  const workloadFile = join(folder.path, 'workload.json');
  writeFileSync(workloadFile, JSON.stringify(requestMix));

  const log = new RequestLog({ requestMix, target, clocks: [clock] });
  const k6 = await K6Process.start({
    script: projectFile('loadtest.js'),
    env: {
      URL: target.url,
      ...(target.kind === 'url' && target.virtualHost !== undefined && { HOST: target.virtualHost }),
      DURATION: `${maxDurationMs}ms`,
      WORKLOAD: workloadFile,
      OUT: summaryFile,
      REQUEST_LOG: 'all',
    },
    signal,
    onLine: (line) => log.read(line),
  }).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });

  let interrupted = false;
  let hangs = false;
  let endedMs: number | undefined;
  const ended = k6.exited
    .then((exit) => {
      endedMs = clock.nowMs();
      if (signal.aborted) throw signal.reason;
      if (hangs) throw noRequest();
      if (!interrupted && !RAN_TO_ITS_END.includes(exit.code ?? -1)) throw deathOf(exit, k6.lastOutput);
      return readSummary(summaryFile);
    })
    .finally(() => folder.remove());
  let stopping: Promise<{ stoppedMs: number; record: LoadRecord }> | undefined;
  const died = new Promise<never>((_, reject) => {
    ended.then(() => {
      if (!stopping) reject(loadExpired(maxDurationMs));
    }, reject);
  });
  died.catch(() => {}); // only awaited in races; in between, a rejection must not end the program

  const endedEarly = ended.then(() => {
    throw new ProgramError('k6 ended before it had made any request', ExitCode.invalidMeasurement);
  });
  const late = after(FIRST_REQUEST_LIMIT_MS, () => {
    hangs = true;
    k6.kill();
  });
  const startedMs = await Promise.race([log.started, endedEarly]).finally(() => late.cancel());

  /**
   * k6 cannot stop starting requests and finish those in flight: SIGINT and its REST API both cut them. So it continues
   * until all requests that started before now have ended; later ones are not counted.
   */
  const stop = async () => {
    const stoppedMs = clock.nowMs();
    await Promise.race([log.stop(stoppedMs), ended]);
    interrupted = true;
    await k6.interrupt();
    const { dropped } = await ended;
    return { stoppedMs, record: log.record(version, dropped) };
  };
  return {
    startedMs,
    progress: () => log.progress,
    died,
    stop: () => {
      stopping ??= endedMs === undefined ? stop() : died;
      return stopping;
    },
  };
}

function readSummary(file: string): z.infer<typeof Summary> {
  try {
    return Summary.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ProgramError('k6 wrote no summary of the load', ExitCode.invalidMeasurement, { cause });
  }
}

function noRequest(): ProgramError {
  const limit = `${FIRST_REQUEST_LIMIT_MS / 1000} s`;
  return new ProgramError(`k6 made no request within ${limit} of its start`, ExitCode.environment);
}

function deathOf({ code, signal }: K6Exit, lastOutput: string): ProgramError {
  const how = signal === null ? `exit code ${code}` : signal;
  return new ProgramError(
    `k6 exited unexpectedly (${how}): ${lastOutput || 'it printed nothing'}`,
    ExitCode.environment,
  );
}
