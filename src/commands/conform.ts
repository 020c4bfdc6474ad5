/** `conform`: how one server process ends, case by case. */
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
    .summary('check how a server ends, case by case')
    .usage('[options] -- COMMAND…')
    .description(
      `Runs COMMAND again and again as a container would, sends it SIGTERM in ${CASES.length} situations, and says for each whether\n` +
        'its requests and connections ended properly. It gets PORT and HOST to listen on; $(PORT) and $(HOST) in its\n' +
        'arguments are replaced. It must answer GET / in HTTP/1.1; a case that needs a route that it lacks is not applicable.\n' +
        'Exit code: 0 no case failed, 1 some failed, 3 not one of them could be judged.',
    )
    .argument('[command...]', 'the server and its arguments')
    .addOption(new Option('--case <list>', 'cases by number or name, comma-separated (default: all)').argParser(cases))
    .addOption(
      new Option('--grace <seconds>', 'from the stop signal to SIGKILL, as terminationGracePeriodSeconds')
        .default(30)
        .argParser(whole(3, 600)),
    )
    .addOption(
      new Option('--stop-signal <name>', 'sent in place of SIGTERM, as lifecycle.stopSignal and STOPSIGNAL say')
        .default('SIGTERM')
        .argParser(stopSignal),
    )
    .addOption(
      new Option('--port <n>', 'the port the command listens on by itself, where it takes none').argParser(
        whole(1, 65_535),
      ),
    )
    .addOption(
      new Option('--format <name>', 'how to print the result')
        .choices(['text', ...Object.keys(DOCUMENTS)])
        .default('text'),
    )
    .addOption(new Option('--json', 'short for --format json').implies({ format: 'json' }))
    .optionsGroup('Routes of the server:')
    .addOption(path('slow', 'answers after some seconds; MS stands for how many milliseconds'))
    .addOption(path('upload', 'takes a POST and reads its body'))
    .addOption(path('stream', 'sends its response over some seconds'))
    .addOption(path('events', 'sends events without end'))
    .addOption(path('ws', 'takes WebSockets'))
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
    throw new InvalidArgumentError(`no case "${name.trim()}"; there are 1 to ${CASES.length}, and their names`);
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
    const message = 'conform: not one case could be judged: see above why each is not applicable';
    throw new ProgramError(message, ExitCode.invalidMeasurement);
  }
}

function pathsOf({ slowPath, uploadPath, streamPath, eventsPath, wsPath, readyPath }: Flags): Paths {
  return { slow: slowPath, upload: uploadPath, stream: streamPath, events: eventsPath, ws: wsPath, ready: readyPath };
}
