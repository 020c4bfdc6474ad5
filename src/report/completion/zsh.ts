/** Completion for zsh, by its own `_arguments`. */
import {
  type CommandWords,
  functionName,
  type OptionWords,
  type ProgramWords,
  quoted,
  type Value,
} from './program-words.ts';

/** The script, which works as a file `_NAME` of `$fpath` and with `source <(…)`. */
export function zshCompletion(program: ProgramWords): string {
  const name = functionName(program.name);
  const described = program.commands.map((command) => quoted(`${command.name}:${escaped(command.summary, ':')}`));
  return `#compdef ${program.name}
# zsh completion for ${program.name}: source <(${program.name} completion zsh)
${name}() {
  local context state state_descr line
  local -a subcommands # zsh has a parameter commands of its own
  typeset -A opt_args
  _arguments -C ${program.options.flatMap(optionSpecs).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command)
      subcommands=(
        ${described.join('\n        ')}
      )
      _describe command subcommands ;;
    rest)
      case $words[1] in
${program.commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program.name}; fi
`;
}

function commandCase({ name, options, argument }: CommandWords): string {
  const specs = [...options.flatMap(optionSpecs), ...(argument === undefined ? [] : argumentSpecs(argument))];
  return `        ${name})\n          _arguments -S ${specs.join(' \\\n            ')} ;;`;
}

/** The arguments of a command of the user's, as if it stood alone; zsh leaves the `--` before it among the words. */
const OWN_COMMAND = quoted('*:: :{ [[ $words[1] == -- ]] && { shift words; (( CURRENT-- )) }; _normal }');

/** Each flag may come again: which ones count once, the definitions do not say. */
function optionSpecs({ flags, description, value }: OptionWords): string[] {
  return flags.map((flag) => {
    const join = value === undefined ? '' : flag.startsWith('--') ? '=' : '+';
    const rest = value === undefined ? '' : `:${action(value)}`;
    return quoted(`*${flag}${join}[${escaped(description, '[]:')}]${rest}`);
  });
}

function argumentSpecs(value: Value): string[] {
  return value.kind === 'command' ? ["'1:command:_command_names -e'", OWN_COMMAND] : [quoted(`*:${action(value)}`)];
}

/** A value's name and what completes it. */
function action(value: Value): string {
  switch (value.kind) {
    case 'choice':
      return `value:(${value.choices.join(' ')})`;
    case 'file':
      return 'file:_files';
    case 'folder':
      return 'folder:_files -/';
    case 'command':
    case 'free':
      return 'value: ';
  }
}

function escaped(text: string, special: string): string {
  return [...text].map((character) => (special.includes(character) ? `\\${character}` : character)).join('');
}
