/** Completion for fish. */
import type { CommandWords, OptionWords, ProgramWords, Value } from './program-words.ts';

/** The script: a line for each word. */
export function fishCompletion(program: ProgramWords): string {
  const complete = `complete -c ${program.name}`;
  const before = `${complete} -n __fish_use_subcommand`;
  const lines = [
    `# fish completion for ${program.name}: ${program.name} completion fish | source`,
    `${complete} -f`,
    ...program.options.map((option) => `${before} ${optionWords(option)}`),
    ...program.commands.map(({ name, summary }) => `${before} -a ${name} -d ${fishQuoted(summary)}`),
    ...program.commands.flatMap((command) => commandLines(command, complete)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines({ name, options, argument }: CommandWords, complete: string): string[] {
  const within = `${complete} -n '__fish_seen_subcommand_from ${name}'`;
  const lines = options.map((option) => `${within} ${optionWords(option)}`);
  const values = argument && valueWords(argument);
  return values ? [...lines, `${within} ${values}`] : lines;
}

function optionWords({ flags, description, value }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const words = value && `-r ${valueWords(value) ?? '-f'}`;
  return [...names, ...(words ? [words] : []), `-d ${fishQuoted(description)}`].join(' ');
}

function valueWords(value: Value): string | undefined {
  switch (value.kind) {
    case 'choice':
      return `-f -a ${fishQuoted(value.choices.join(' '))}`;
    case 'file':
      return '-F';
    case 'folder':
      return "-f -a '(__fish_complete_directories)'";
    case 'command':
      return "-F -a '(__fish_complete_command)'";
    case 'free':
      return undefined;
  }
}

/** Within single quotes fish reads a backslash before a quote or another backslash, and nothing else. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
