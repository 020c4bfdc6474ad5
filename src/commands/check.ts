/** `check`: finds what a rollout of these manifests would break, without running anything. */
import { relative } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { checkObjects } from '../check/check.ts';
import type { CheckResult } from '../check/finding.ts';
import { checkWithinLimits, readDockerfileWithinLimits } from '../check/limited.ts';
import { liveObjects } from '../check/live-objects.ts';
import { type RenderedSource, renderSource } from '../check/sources.ts';
import type { CheckOptions } from '../check/workload.ts';
import { ExitCode, InputError } from '../errors.ts';
import { readSource, readSources, STDIN } from '../manifests/read-source.ts';
import { print, printDocument } from '../output.ts';
import type { ArtifactOf } from '../report/artifact.ts';
import { checkAnnotations } from '../report/check-github.ts';
import { codeQuality } from '../report/check-gitlab.ts';
import { checkJson } from '../report/check-json.ts';
import { renderFindings } from '../report/check-terminal.ts';
import { jsonText } from '../report/json.ts';
import { sarif } from '../report/sarif.ts';
import { unlessInterrupted } from './interruptions.ts';

interface Flags {
  on: 'files' | 'kubernetes';
  context?: string;
  namespace?: string;
  allNamespaces?: boolean;
  kustomize?: string;
  filename?: string[];
  dockerfile?: string;
  longestRequest: number;
  drainDelay: number;
  format: 'text' | 'json' | 'sarif' | 'github' | 'gitlab';
  json?: boolean;
}

const DOCUMENTS: Record<Exclude<Flags['format'], 'text'>, (result: CheckResult, artifactOf: ArtifactOf) => string> = {
  json: (result) => jsonText(checkJson(result)),
  sarif: (result, artifactOf) => jsonText(sarif(result, artifactOf)),
  github: checkAnnotations,
  gitlab: (result, artifactOf) => jsonText(codeQuality(result, artifactOf)),
};

export function checkCommand(): Command {
  return new Command('check')
    .summary('find what a rollout of a manifest would break, without running anything')
    .description(
      'Checks Deployments, StatefulSets and DaemonSets, their Services, autoscalers and disruption budgets, and a ' +
        'Dockerfile, for settings that break requests during a rollout. The exit code is 1 if it finds an error or a warning.',
    )
    .addArgument(new Argument('[-]', 'read manifests from standard input').argParser(standardInput))
    .addOption(new Option('-k, --kustomize <dir>', 'a kustomization folder; it is rendered first'))
    .addOption(new Option('-f, --filename <file>', 'a file with manifests; - is standard input').argParser(collected))
    .addOption(new Option('--dockerfile <file>', "the Dockerfile of the app's image"))
    .addOption(
      new Option('--longest-request <seconds>', 'how long the longest request takes (0: unknown)')
        .default(0)
        .argParser(seconds),
    )
    .addOption(
      new Option('--drain-delay <seconds>', 'how long the app keeps accepting connections after SIGTERM')
        .default(0)
        .argParser(seconds),
    )
    .addOption(
      new Option('--format <name>', 'how to print findings')
        .choices(['text', ...Object.keys(DOCUMENTS)])
        .default('text'),
    )
    .addOption(new Option('--json', 'the same as --format json'))
    .addOption(
      new Option('--on <where>', 'what to check: files, or the workloads on a cluster')
        .choices(['files', 'kubernetes'])
        .default('files'),
    )
    .optionsGroup('With --on kubernetes:')
    .addOption(new Option('--context <name>', 'the kubeconfig context (default: the current one)'))
    .addOption(new Option('-n, --namespace <name>', "the namespace (default: the context's)"))
    .addOption(new Option('-A, --all-namespaces', 'all namespaces').conflicts('namespace'))
    .action(checkInput);
}

async function checkInput(dash: '-' | undefined, flags: Flags): Promise<void> {
  const { result, artifactOf } =
    flags.on === 'kubernetes' ? await checkCluster(dash, flags) : await checkFiles(dash, flags);
  printResult(result, flags.json ? 'json' : flags.format, artifactOf);
  const failed = result.findings.some(({ severity }) => severity !== 'info');
  process.exitCode = failed ? ExitCode.findings : ExitCode.ok;
}

interface Checked {
  result: CheckResult;
  artifactOf: ArtifactOf;
}

async function checkCluster(dash: '-' | undefined, flags: Flags): Promise<Checked> {
  if (dash || flags.kustomize !== undefined || flags.filename) {
    throw new InputError('check --on kubernetes reads the cluster, so -k, -f and - cannot be used');
  }
  // Loaded only if needed, because loading the client library takes most of a second.
  const [{ KubernetesApi }, { listObjects }] = await Promise.all([
    import('../clusters/kubernetes/api.ts'),
    import('../clusters/kubernetes/list-objects.ts'),
  ]);
  const api = KubernetesApi.connect(flags.context);
  const namespace = flags.allNamespaces ? undefined : (flags.namespace ?? api.namespace);
  const listed = await unlessInterrupted('nothing was checked', () => listObjects(api, namespace));
  const { objects, notes } = liveObjects(listed.objects, listed.pods, api.context);
  if (!objects.some(({ value }) => 'template' in value.spec)) {
    const where = namespace === undefined ? 'on this cluster' : `in namespace ${namespace}`;
    throw new InputError(`${api.context}: nothing to check: there is no Deployment, StatefulSet or DaemonSet ${where}`);
  }
  const image = flags.dockerfile === undefined ? undefined : await readSource(flags.dockerfile);
  const result = checkObjects(objects, limits(flags), image && (await readDockerfileWithinLimits(image)));
  return { result: { ...result, notes: [...result.notes, ...notes] }, artifactOf: () => ({ hasLines: false }) };
}

function limits({ longestRequest, drainDelay }: Flags): CheckOptions {
  return { longestRequestSeconds: longestRequest, drainDelaySeconds: drainDelay };
}

async function checkFiles(dash: '-' | undefined, flags: Flags): Promise<Checked> {
  const stray = (['context', 'namespace', 'allNamespaces'] as const).find((name) => flags[name] !== undefined);
  if (stray)
    throw new InputError(
      `--${stray === 'allNamespaces' ? 'all-namespaces' : stray} is for a cluster: add --on kubernetes`,
    );
  const rendered = flags.kustomize === undefined ? [] : [await renderSource(flags.kustomize)];
  const files = [...new Set([...(flags.filename ?? []), ...(dash ? ['-'] : [])])];
  const manifests = [...rendered, ...(await readSources(files))];
  const image = flags.dockerfile === undefined ? undefined : await readSource(flags.dockerfile);
  if (manifests.length === 0 && !image) {
    throw new InputError('check: nothing to check: give -k DIR, -f FILE, -, --dockerfile FILE or --on kubernetes');
  }
  const result = await checkWithinLimits({
    manifests,
    ...(image && { dockerfile: { file: image.name, text: image.text } }),
    options: limits(flags),
  });
  const notes = [
    ...result.notes,
    ...rendered.map(({ kustomization }) => `Line numbers refer to the rendered output of ${kustomization}.`),
  ];
  return { result: { ...result, notes }, artifactOf: artifacts(rendered) };
}

function printResult(result: CheckResult, format: Flags['format'], artifactOf: ArtifactOf): void {
  if (format === 'text') print(renderFindings(result));
  else printDocument(DOCUMENTS[format](result, artifactOf));
}

function artifacts(rendered: readonly RenderedSource[]): ArtifactOf {
  return (source) => {
    const kustomization = rendered.find(({ name }) => name === source)?.kustomization;
    if (kustomization !== undefined) return { file: relativeToHere(kustomization), hasLines: false };
    return source === STDIN ? { hasLines: false } : { file: relativeToHere(source), hasLines: true };
  };
}

/** A path relative to the current folder: GitHub expects paths from the top of the repository, where its steps run. */
function relativeToHere(path: string): string {
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

function standardInput(given: string): string {
  if (given !== '-')
    throw new InputError(`check ${given}: use -k for a kustomization folder, -f for a file, - for standard input`);
  return given;
}
