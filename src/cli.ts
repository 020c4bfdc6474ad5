/** The command line: parses the arguments, runs a command, and turns errors into one line and an exit code. */
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { ExitCode, ProgramError } from './errors.ts';
import { exit, outputDone, print, printError, printStatus, printStatusText } from './output.ts';

/** In the order of the help. Each command imports its own packages, so only the one that is named is loaded. */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ['compare', async () => (await import('./commands/compare.ts')).compareCommand()],
  ['run', async () => (await import('./commands/run.ts')).runCommand()],
  ['conform', async () => (await import('./commands/conform.ts')).conformCommand()],
  ['report', async () => (await import('./commands/report.ts')).reportCommand()],
  ['check', async () => (await import('./commands/check.ts')).checkCommand()],
  ['explain', async () => (await import('./commands/explain.ts')).explainCommand()],
  ['completion', async () => (await import('./commands/completion.ts')).completionCommand(everyCommand)],
]);

function everyCommand(): Promise<Command[]> {
  return Promise.all([...COMMANDS.values()].map((load) => load()));
}

const program = new Command('k8s-rollout-test')
  .description(
    'Measures how many requests a Kubernetes rolling update breaks, what caused each failure, and which fix removes it.',
  )
  .version(packageJson.version, '--version', 'print the version')
  .option('--debug', 'print a stack trace with an error')
  .exitOverride()
  .configureOutput({
    writeOut: print,
    writeErr: printStatusText,
    outputError: (text) => printError(`${text.replace(/^error: /, '').trimEnd()} (see --help)`),
  });

const named = COMMANDS.get(process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '');
for (const command of named ? [await named()] : await everyCommand()) program.addCommand(command);
for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);

// Replaces Node's own printing of warnings, unless Node was told not to print any; then it has no listener.
// Deprecations concern only developers. Node does not report those in packages, but it takes bundled packages for the
// program itself.
if (process.listenerCount('warning') > 0) {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name !== 'DeprecationWarning') printStatus(`warning: ${name}: ${message}`);
  });
}
// Unhandled rejections end up here too.
process.on('uncaughtException', (error) => void end(report(error)));

let exitCode: number;
try {
  await program.parseAsync();
  exitCode = Number(process.exitCode ?? ExitCode.ok);
} catch (error) {
  exitCode = report(error);
}
await end(exitCode);

/** Exits even if something is still open, such as a worker or a socket of a broken trial. */
async function end(code: number): Promise<void> {
  const unwritten = await outputDone();
  if (unwritten === undefined) exit(code);
  printError(unwritten);
  await outputDone();
  exit(ExitCode.environment);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage; // already printed by commander
  const known = error instanceof ProgramError;
  const [message, stack = message] =
    error instanceof Error ? [error.message || error.name, traced(error)] : [inspect(error)];
  const prefix = known ? '' : 'internal error: ';
  if (program.opts().debug) printStatusText(`k8s-rollout-test: ${prefix}${stack}`);
  else {
    const hint = known ? '' : ' (run again with --debug for the stack trace)';
    printError(`${prefix}${message}${hint}`);
    if (known) for (const detail of error.details) printStatus(`  ${detail}`);
  }
  return known ? error.exitCode : ExitCode.environment;
}

/** The stack trace of an error, followed by those of its causes. */
function traced(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${traced(error.cause)}` : stack;
}
