/** The command line: reads the arguments, runs a command, and turns errors into one line and an exit code. */
import { Command, CommanderError } from 'commander';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { conformCommand } from './commands/conform.ts';
import { explainCommand } from './commands/explain.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { ExitCode, ProgramError } from './errors.ts';
import { withoutSecrets } from './secrets.ts';

const program = new Command('k8s-rollout-test')
  .description('How many requests a Kubernetes rolling update breaks, what caused each one, and which fix removes it.')
  .option('--debug', 'print a stack trace with an error')
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => write(`k8s-rollout-test: ${text.replace(/^error: /, '').trimEnd()} (see --help)\n`),
  })
  .addCommand(compareCommand())
  .addCommand(runCommand())
  .addCommand(conformCommand())
  .addCommand(reportCommand())
  .addCommand(checkCommand())
  .addCommand(explainCommand());

for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);

// The reader of a pipe may have had enough (`| head`); that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(ExitCode.ok);
});

// What nobody waits for, as a library's own promise, ends the program as any error does.
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) => process.exit(report(error)));
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// What a slow reader of a pipe has not taken yet would be lost.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
// Whatever may still be open (a worker, a socket of a broken trial) must not keep the program from ending.
process.exit();

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage; // it has printed its line
  const known = error instanceof ProgramError;
  const text =
    error instanceof Error ? (program.opts().debug || !known ? traced(error) : error.message) : String(error);
  process.stderr.write(`k8s-rollout-test: ${withoutSecrets(text)}\n`);
  return known ? error.exitCode : ExitCode.environment;
}

/** The stack of an error and of those that caused it. */
function traced(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${traced(error.cause)}` : stack;
}
