/** `explain`: prints the page on a rule of `check`, on a cause, or on a topic. */
import { Command } from 'commander';
import { CAUSES } from '../analysis/causes.ts';
import { RULES } from '../check/registry.ts';
import { InputError } from '../errors.ts';
import { print } from '../output.ts';
import { renderCause, renderList, renderRule } from '../report/explanation.ts';
import { IDLE_TOPIC, idleLimitsText } from '../report/idle-limits.ts';

export function explainCommand(): Command {
  return new Command('explain')
    .summary('explain a rule of check, a cause of broken requests, or idle timeouts')
    .description(
      'Prints the page on a rule of `check`, on a cause of broken requests, or on a topic (idle-timeout). Without an ID, ' +
        'lists all of them.',
    )
    .argument('[id]', 'the id of a rule, a cause or a topic')
    .action((id?: string) => {
      print(id === undefined ? renderList(RULES, CAUSES, [IDLE_TOPIC]) : page(id));
    });
}

function page(id: string): string {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (rule) return renderRule(rule);
  const cause = CAUSES.find((candidate) => candidate.id === id);
  if (cause) return renderCause(cause, RULES);
  if (id === IDLE_TOPIC.id) return idleLimitsText();
  throw new InputError(`explain: no rule, cause or topic "${id}"; explain without an ID lists all of them`);
}
