/** `explain`: prints the page on a rule of `check`, or on a cause. */
import { Command } from 'commander';
import { CAUSES } from '../analysis/causes.ts';
import { RULES } from '../check/registry.ts';
import { InputError } from '../errors.ts';
import { print } from '../output.ts';
import { renderCause, renderList, renderRule } from '../report/explanation.ts';

export function explainCommand(): Command {
  return new Command('explain')
    .summary('explain a rule of check or a cause of broken requests')
    .description(
      'Prints the page on a rule of `check` or on a cause of broken requests. Without an ID, lists all of them.',
    )
    .argument('[id]', 'the id of a rule or a cause')
    .action((id?: string) => {
      print(id === undefined ? renderList(RULES, CAUSES) : page(id));
    });
}

function page(id: string): string {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (rule) return renderRule(rule);
  const cause = CAUSES.find((candidate) => candidate.id === id);
  if (cause) return renderCause(cause, RULES);
  throw new InputError(`explain: no rule or cause "${id}"; explain without an ID lists all of them`);
}
