/** `conform`: checks how one server process shuts down, case by case. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ConformanceCase } from '../conform/case.ts';
import { CASES } from '../conform/cases/registry.ts';
import { OWN_PATHS } from '../conform/own-paths.ts';
import type { Paths } from '../conform/routes.ts';
import { type ConformanceResult, runSuite } from '../conform/suite.ts';
import { ExitCode, InputError, ProgramError } from '../errors.ts';
import { liveTerminal, print, printDocument } from '../output.ts';
import { assertProgram } from '../own-service/command.ts';
import { ownEnvironment } from '../processes/own-environment.ts';
import { conformanceJson } from '../report/conform-json.ts';
import { conformanceJunit } from '../report/conform-junit.ts';
import { conformanceProgress } from '../report/conform-progress.ts';
import { conformanceTap } from '../report/conform-tap.ts';
import { conformanceText } from '../report/conform-terminal.ts';
import { requestPath, stopSignal, whole } from './argument-parsers.ts';
import { interruptions } from './interruptions.ts';

const DOCUMENTS: Record<string, (result: ConformanceResult) => string> = {
  json: conformanceJson,
  junit: conformanceJunit,
  tap: conformanceTap,
};

const START_LIMIT_MS = 20_000;

interface Flags {
  port?: number;
  grace: number;
  idleLimit: number;
  stopSignal: NodeJS.Signals;
  case?: ConformanceCase[];
  format: string;
  slowPath: string;
  uploadPath: string;
  streamPath: string;
  eventsPath: string;
  wsPath: string;
  readyPath: string;
}

export function conformCommand(): Command {
  return new Command('conform')
    .summary('check how a server shuts down, case by case')
    .usage('[options] -- COMMAND…')
    .description(
      `Runs COMMAND repeatedly as a container would, sends it SIGTERM in ${CASES.length} situations, and reports for each whether ` +
        'its requests and connections ended properly.\n\n' +
        'COMMAND gets PORT and HOST to listen on; $(PORT) and $(HOST) in its arguments are replaced. It must answer GET / ' +
        'over HTTP/1.1. Cases that need a route it does not have are not applicable.\n\n' +
        'Exit code: 0 no case failed, 1 some failed, 3 no case could be judged.',
    )
    .argument('[command...]', 'the server and its arguments')
    .addOption(new Option('--case <list>', 'cases by number or name, comma-separated (default: all)').argParser(cases))
    .addOption(
      new Option('--grace <seconds>', 'time from the stop signal to SIGKILL, like terminationGracePeriodSeconds')
        .default(30)
        .argParser(whole(3, 600)),
    )
    .addOption(
      new Option(
        '--stop-signal <name>',
        'the signal to send instead of SIGTERM, like lifecycle.stopSignal or STOPSIGNAL',
      )
        .default('SIGTERM')
        .argParser(stopSignal),
    )
    .addOption(
      new Option('--idle-limit <seconds>', 'how long case 34 watches an idle connection')
        .default(30)
        .argParser(whole(1, 3600)),
    )
    .addOption(
      new Option('--port <n>', 'the port that the command listens on, if it ignores PORT').argParser(whole(1, 65_535)),
    )
    .addOption(
      new Option('--format <name>', 'how to print the result')
        .choices(['text', ...Object.keys(DOCUMENTS)])
        .default('text'),
    )
    .addOption(new Option('--json', 'short for --format json').implies({ format: 'json' }))
    .optionsGroup('Routes of the server:')
    .addOption(path('slow', 'answers after a few seconds; MS is replaced by the time in milliseconds'))
    .addOption(path('upload', 'accepts a POST and reads its body'))
    .addOption(path('stream', 'sends its response over several seconds'))
    .addOption(path('events', 'sends an endless event stream'))
    .addOption(path('ws', 'accepts WebSockets'))
    .addOption(path('ready', 'the readiness probe'))
    .action(conform);
}

function path(name: keyof Paths, what: string): Option {
  return new Option(`--${name}-path <path>`, what).default(OWN_PATHS[name]).argParser(requestPath);
}

function cases(list: string): ConformanceCase[] {
  return list.split(',').map((name) => {
    const found = CASES.find(({ number, id }) => name.trim() === id || name.trim() === String(number));
    if (found) return found;
    throw new InvalidArgumentError(
      `no case "${name.trim()}"; use a number from 1 to ${CASES.length} or the name of a case`,
    );
  });
}

async function conform(command: string[], flags: Flags): Promise<void> {
  if (command.length === 0) {
    throw new InputError('conform: nothing to run: give a command after --, as in conform -- node server.js');
  }
  assertProgram(command, 'conform');
  const chosen = [...new Set(flags.case ?? CASES)].sort((one, other) => one.number - other.number);
  const env = ownEnvironment();
  const interruption = interruptions();
  const progress = conformanceProgress(liveTerminal, chosen.length);
  let result: ConformanceResult;
  try {
    result = await runSuite({
      target: {
        command,
        env,
        stopSignal: flags.stopSignal,
        graceMs: flags.grace * 1000,
        startLimitMs: START_LIMIT_MS,
      },
      paths: pathsOf(flags),
      idleLimitMs: flags.idleLimit * 1000,
      cases: chosen,
      ownPort: flags.port,
      signal: interruption.signal,
      onResult: progress.onResult,
    });
  } catch (error) {
    if (interruption.signal.aborted) throw new ProgramError('interrupted', ExitCode.interrupted);
    throw error;
  } finally {
    progress.stop();
    interruption.stop();
  }
  if (flags.format === 'text') print(conformanceText(result));
  else printDocument(DOCUMENTS[flags.format]?.(result) ?? '');
  if (result.cases.some(({ status }) => status === 'fail')) process.exitCode = ExitCode.brokeRequests;
  if (result.cases.every(({ status }) => status === 'not-applicable')) {
    const message = 'conform: no case could be judged; the reasons are above';
    throw new ProgramError(message, ExitCode.invalidMeasurement);
  }
}

function pathsOf({ slowPath, uploadPath, streamPath, eventsPath, wsPath, readyPath }: Flags): Paths {
  return { slow: slowPath, upload: uploadPath, stream: streamPath, events: eventsPath, ws: wsPath, ready: readyPath };
}
