/** `check`: what a rollout of these manifests would break, without running anything. */
import { relative } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { CheckResult } from '../check/check.ts';
import { checkWithinLimits } from '../check/limited.ts';
import { type RenderedSource, readSource, renderSource, STDIN } from '../check/sources.ts';
import { ExitCode, InputError } from '../errors.ts';
import type { ArtifactOf } from '../report/artifact.ts';
import { checkAnnotations } from '../report/check-github.ts';
import { checkJson } from '../report/check-json.ts';
import { renderFindings } from '../report/check-terminal.ts';
import { sarif } from '../report/sarif.ts';

interface Flags {
  kustomize?: string;
  filename?: string[];
  dockerfile?: string;
  longestRequest: number;
  drainDelay: number;
  format: 'text' | 'json' | 'sarif' | 'github';
  json?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .summary('find what a rollout of a manifest would break, without running it')
    .description(
      'Checks every Deployment, StatefulSet and DaemonSet, with the Services, autoscalers and budgets around them, and a\n' +
        'Dockerfile, for what breaks requests in a rollout. Exits with 1 where it finds an error or a warning.',
    )
    .addArgument(new Argument('[-]', 'read manifests from standard input').choices(['-']))
    .addOption(new Option('-k, --kustomize <dir>', 'a kustomization folder, which is rendered first'))
    .addOption(new Option('-f, --filename <file>', 'a file with manifests; - is standard input').argParser(collected))
    .addOption(new Option('--dockerfile <file>', "the Dockerfile of the app's image"))
    .addOption(
      new Option('--longest-request <seconds>', 'how long the longest request takes (0: not known, nothing is assumed)')
        .default(0)
        .argParser(seconds),
    )
    .addOption(
      new Option('--drain-delay <seconds>', 'how long the app goes on accepting connections after SIGTERM')
        .default(0)
        .argParser(seconds),
    )
    .addOption(
      new Option('--format <name>', 'how to print findings')
        .choices(['text', 'json', 'sarif', 'github'])
        .default('text'),
    )
    .addOption(new Option('--json', 'the same as --format json'))
    .action(checkInput);
}

async function checkInput(dash: '-' | undefined, flags: Flags): Promise<void> {
  const rendered = flags.kustomize === undefined ? [] : [renderSource(flags.kustomize)];
  const files = [...new Set([...(flags.filename ?? []), ...(dash ? ['-'] : [])])];
  const manifests = [...rendered, ...(await Promise.all(files.map(readSource)))];
  const image = flags.dockerfile === undefined ? undefined : await readSource(flags.dockerfile);
  if (manifests.length === 0 && !image) {
    throw new InputError('check: nothing to check: give -k DIR, -f FILE, - or --dockerfile FILE');
  }
  const result = await checkWithinLimits({
    manifests,
    ...(image && { dockerfile: { file: image.name, text: image.text } }),
    options: { longestRequestSeconds: flags.longestRequest, drainDelaySeconds: flags.drainDelay },
  });
  const notes = [
    ...result.notes,
    ...rendered.map(({ kustomization }) => `Lines are those of what ${kustomization} renders to.`),
  ];
  process.stdout.write(printed({ ...result, notes }, flags.json ? 'json' : flags.format, artifacts(rendered)));
  const failed = result.findings.some(({ severity }) => severity !== 'info');
  process.exitCode = failed ? ExitCode.findings : ExitCode.ok;
}

function printed(result: CheckResult, format: Flags['format'], artifactOf: ArtifactOf): string {
  switch (format) {
    case 'text':
      return renderFindings(result);
    case 'json':
      return `${JSON.stringify(checkJson(result), null, 2)}\n`;
    case 'sarif':
      return `${JSON.stringify(sarif(result, artifactOf), null, 2)}\n`;
    case 'github':
      return checkAnnotations(result, artifactOf);
  }
}

function artifacts(rendered: readonly RenderedSource[]): ArtifactOf {
  return (source) => {
    const kustomization = rendered.find(({ name }) => name === source)?.kustomization;
    if (kustomization !== undefined) return { file: belowHere(kustomization), hasLines: false };
    return source === STDIN ? { hasLines: false } : { file: belowHere(source), hasLines: true };
  };
}

/** GitHub knows files by their path from the top of the repository, which is where its steps run. */
function belowHere(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.startsWith('..') ? path : fromHere;
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function seconds(value: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= 86_400)) throw new InvalidArgumentError('must be a number of seconds from 0 to 86400');
  return number;
}
