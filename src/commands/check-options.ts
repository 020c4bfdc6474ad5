/** The arguments and options of `check`. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { RULES } from '../check/registry.ts';
import type { Severity } from '../check/rule.ts';
import { InputError } from '../errors.ts';
import { listOf } from './argument-parsers.ts';

export const CHECK_FORMATS = ['text', 'json', 'sarif', 'github', 'gitlab'] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

export interface CheckFlags {
  on: 'files' | 'kubernetes';
  context?: string;
  namespace?: string;
  allNamespaces?: boolean;
  kustomize?: string[];
  filename?: string[];
  recursive?: boolean;
  dockerfile?: string;
  longestRequest?: number;
  drainDelay?: number;
  config?: string;
  disable?: string[];
  only?: string[];
  failOn?: Severity;
  baseline?: string;
  writeBaseline?: string;
  format: CheckFormat;
  json?: boolean;
  all?: boolean;
  explain?: boolean;
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

export function checkDefinition(): Command {
  const ruleList = listOf(
    'rule',
    RULES.map(({ id }) => id),
  );
  const rules = (value: string, before: string[] = []) => [...before, ...ruleList(value)];
  return new Command('check')
    .summary('find what a rollout of a manifest would break, without running anything')
    .description(
      'Checks Deployments, StatefulSets and DaemonSets, their Services, autoscalers and disruption budgets, and a ' +
        'Dockerfile, for settings that break requests during a rollout. The exit code is 1 if it finds an error or a warning.',
    )
    .addArgument(new Argument('[-]', 'read manifests from standard input').argParser(standardInput))
    .addOption(new Option('-k, --kustomize <dir>', 'a kustomization folder; it is rendered first').argParser(collected))
    .addOption(
      new Option(
        '-f, --filename <file...>',
        'files or folders with manifests, or quoted patterns; - is standard input',
      ).argParser(collected),
    )
    .addOption(new Option('-R, --recursive', 'also read the folders below a folder of --filename'))
    .addOption(new Option('--dockerfile <file>', "the Dockerfile of the app's image"))
    .addOption(
      new Option('--longest-request <seconds>', 'how long the longest request takes (default: unknown)').argParser(
        seconds,
      ),
    )
    .addOption(
      new Option(
        '--drain-delay <seconds>',
        'how long the app keeps accepting connections after SIGTERM (default: 0)',
      ).argParser(seconds),
    )
    .addOption(
      new Option('--on <where>', 'what to check: files, or the workloads on a cluster')
        .choices(['files', 'kubernetes'])
        .default('files'),
    )
    .optionsGroup('Which findings count:')
    .addOption(new Option('--fail-on <severity>', 'what makes the exit code 1 (default: warning)').choices(SEVERITIES))
    .addOption(new Option('--disable <rules>', 'rules that do not count, comma-separated').argParser(rules))
    .addOption(new Option('--only <rules>', 'apply only these rules, comma-separated').argParser(rules))
    .addOption(
      new Option('--config <file>', 'the config file (default: .rollout-test.yaml here or above, in the repository)'),
    )
    .addOption(new Option('--baseline <file>', 'findings that do not count, because they were there before'))
    .addOption(new Option('--write-baseline <file>', 'write all findings to a baseline; the exit code is 0'))
    .optionsGroup('Output:')
    .addOption(new Option('--format <name>', 'how to print findings').choices(CHECK_FORMATS).default('text'))
    .addOption(new Option('--json', 'the same as --format json'))
    .addOption(new Option('--all', 'as text: also print infos, silenced findings, and every patch'))
    .addOption(new Option('--explain', 'as text: explain each rule that found something'))
    .optionsGroup('With --on kubernetes:')
    .addOption(new Option('--context <name>', 'the kubeconfig context (default: the current one)'))
    .addOption(new Option('-n, --namespace <name>', "the namespace (default: the context's)"))
    .addOption(new Option('-A, --all-namespaces', 'all namespaces').conflicts('namespace'));
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function seconds(value: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= 86_400)) throw new InvalidArgumentError('must be a number of seconds from 0 to 86400');
  return number;
}

function standardInput(given: string): string {
  if (given !== '-')
    throw new InputError(`check ${given}: use -k for a kustomization folder, -f for a file, - for standard input`);
  return given;
}
