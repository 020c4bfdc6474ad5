/** `completion`: a script that completes this program's commands and options in a shell. */
import { Argument, Command, type Option } from 'commander';
import { RULES } from '../check/registry.ts';
import { printDocument } from '../output.ts';
import { bashCompletion } from '../report/completion/bash.ts';
import { fishCompletion } from '../report/completion/fish.ts';
import type { CommandWords, OptionWords, ProgramWords, Value } from '../report/completion/program-words.ts';
import { zshCompletion } from '../report/completion/zsh.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** @param everyCommand loads all commands: the program itself may have loaded this one alone */
export function completionCommand(everyCommand: () => Promise<readonly Command[]>): Command {
  return new Command('completion')
    .summary('print shell completion for bash, zsh or fish')
    .description(
      'Prints a script that completes commands, options, their values and files in your shell. Load it with\n' +
        '  bash  source <(k8s-rollout-test completion bash)\n' +
        '  zsh   source <(k8s-rollout-test completion zsh)\n' +
        '  fish  k8s-rollout-test completion fish | source',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .action(async (shell: keyof typeof SCRIPTS, _flags: unknown, self: Command) => {
      const program = self.parent ?? self;
      printDocument(SCRIPTS[shell](programWords(program, await everyCommand())));
    });
}

/** The words of a program whose commands are these, from their own definitions. */
export function programWords(program: Command, commands: readonly Command[]): ProgramWords {
  const help: CommandWords = {
    name: 'help',
    summary: 'display help for command',
    options: [],
    argument: { kind: 'choice', choices: commands.map((command) => command.name()) },
  };
  return {
    name: program.name(),
    options: optionsOf(program),
    commands: [...commands.map(commandWords), help],
  };
}

function commandWords(command: Command): CommandWords {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    options: optionsOf(command),
    argument: argument && argumentValue(argument),
  };
}

/** With --help, and without what is hidden. */
function optionsOf(command: Command): OptionWords[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description.replaceAll(/\s+/g, ' '),
      value: option.required || option.optional ? optionValue(option) : undefined,
    }));
}

function optionValue({ argChoices, flags }: Option): Value {
  if (argChoices) return { kind: 'choice', choices: argChoices };
  if (flags.includes('<rules>')) return { kind: 'choice', choices: RULES.map(({ id }) => id) };
  if (/<file(\.\.\.)?>/.test(flags)) return { kind: 'file' };
  return flags.includes('<dir>') ? { kind: 'folder' } : { kind: 'free' };
}

function argumentValue(argument: Argument): Value {
  if (argument.argChoices) return { kind: 'choice', choices: argument.argChoices };
  switch (argument.name()) {
    case 'dir':
    case 'dirs':
      return { kind: 'folder' };
    case 'files':
      return { kind: 'file' };
    case 'command':
      return { kind: 'command' };
    default:
      return { kind: 'free' };
  }
}
