/** Completion for bash, from 3.2 on, which macOS has. */
import {
  type CommandWords,
  functionName,
  type OptionWords,
  type ProgramWords,
  quoted,
  type Value,
} from './program-words.ts';

/** The script, which `source <(…)` reads. */
export function bashCompletion(program: ProgramWords): string {
  const name = functionName(program.name);
  const commands = program.commands.map((command) => command.name);
  return `# bash completion for ${program.name}: source <(${program.name} completion bash)
${name}_add() { # COMPGEN-OPTIONS…: adds what begins with the current word
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$@" -- "$current")
}

${name}_paths() { # -f for files, -d for folders
  compopt -o filenames 2>/dev/null
  ${name}_add "$1"
}

${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' i
  COMPREPLY=()
  # bash takes --flag=value for three words.
  [[ $current == = ]] && current=''
  [[ $previous == = ]] && previous=\${COMP_WORDS[COMP_CWORD-2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ -z $command && \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; fi
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      ((i + 1 == COMP_CWORD)) && ${name}_add -c
      ${name}_paths -f
      return
    fi
  done
  case "$command" in
    '') ${name}_add -W ${quoted([...commands, ...flagsOf(program.options)].join(' '))} ;;
${program.commands.map((command) => commandCase(command, name)).join('\n')}
  esac
}
complete -F ${name} ${program.name}
`;
}

function commandCase({ name, options, argument }: CommandWords, prefix: string): string {
  const values = Object.entries(flagsByWords(options, prefix)).map(
    ([words, flags]) => `        ${flags.join('|')}) ${words}; return ;;`,
  );
  const lines = [
    `    ${name})`,
    ...(values.length > 0 ? ['      case "$previous" in', ...values, '      esac'] : []),
    `      if [[ $current == -* ]]; then ${prefix}_add -W ${quoted(flagsOf(options).join(' '))}`,
    `      else ${argument === undefined ? ':' : adding(argument, prefix)}; fi ;;`,
  ];
  return lines.join('\n');
}

/** The flags with a value, by the shell words that complete it. */
function flagsByWords(options: readonly OptionWords[], prefix: string): Record<string, string[]> {
  const byWords: Record<string, string[]> = {};
  for (const { flags, value } of options) {
    if (value === undefined) continue;
    const words = adding(value, prefix);
    byWords[words] = [...(byWords[words] ?? []), ...flags];
  }
  return byWords;
}

function adding(value: Value, prefix: string): string {
  switch (value.kind) {
    case 'choice':
      return `${prefix}_add -W ${quoted(value.choices.join(' '))}`;
    case 'file':
      return `${prefix}_paths -f`;
    case 'folder':
      return `${prefix}_paths -d`;
    // A command comes after `--`.
    case 'command':
    case 'free':
      return ':';
  }
}

function flagsOf(options: readonly OptionWords[]): string[] {
  return options.flatMap(({ flags }) => flags);
}
