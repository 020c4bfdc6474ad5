/** `report`: regenerates the reports of saved results, or prints them in another format. */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import { Command, Option } from 'commander';
import { EnvironmentError, InputError } from '../errors.ts';
import { print, printDocument } from '../output.ts';
import { type ReportContents, reportContents } from '../report/contents.ts';
import { githubAnnotations, githubLogLine } from '../report/github.ts';
import { htmlReport } from '../report/html/page.ts';
import { junitReport } from '../report/junit.ts';
import { MAX_BYTES, markdownReport } from '../report/markdown.ts';
import { matrixPicture, timelinePicture } from '../report/picture/standalone.ts';
import { saveRun } from '../report/save-run.ts';
import { ResultFolder } from '../results/folder.ts';
import { readRun } from '../results/read-run.ts';
import type { Run } from '../results/run.ts';
import { trialName } from '../results/trial-name.ts';

const FORMATS = ['html', 'markdown', 'junit', 'svg', 'github'] as const;

interface Flags {
  format?: (typeof FORMATS)[number];
  trial?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .summary('regenerate the reports of saved results')
    .description(
      'Analyses the traces in DIR again and writes result.json and report.html there.\n' +
        'With --format, prints that format instead and writes nothing to DIR.',
    )
    .argument('<dir>', 'a folder written by compare --out or run --out')
    .addOption(
      new Option(
        '--format <name>',
        'print this format; github appends Markdown to the file $GITHUB_STEP_SUMMARY and prints annotations',
      ).choices(FORMATS),
    )
    .addOption(
      new Option(
        '--trial <name>',
        'with --format svg: draw the timeline of this trial (valid-node, rollout-1) instead of the matrix',
      ),
    )
    .action(report);
}

function report(dir: string, { format, trial }: Flags): void {
  if (trial !== undefined && format !== 'svg') throw new InputError('--trial: needs --format svg');
  const run = readRun(dir);
  if (format === undefined) {
    print(`${saveRun(ResultFolder.ofSavedRun(dir), run)}\n`);
    return;
  }
  printDocument(format === 'svg' ? svg(run, dir, trial) : text(format, reportContents(run)));
}

function text(format: 'html' | 'markdown' | 'junit' | 'github', contents: ReportContents): string {
  switch (format) {
    case 'html':
      return htmlReport(contents);
    case 'markdown':
      return markdownReport(contents);
    case 'junit':
      return junitReport(contents);
    case 'github':
      addToStepSummary(contents);
      return githubAnnotations(contents) + githubLogLine(contents);
  }
}

function svg(run: Run, dir: string, name: string | undefined): string {
  if (name === undefined) return matrixPicture(run);
  const result = run.trials.find((trial) => trialName(trial) === name);
  const trace = result && run.traceOf(result);
  if (trace) return timelinePicture(trace);
  const known = run.trials.filter(run.hasTrace).map(trialName);
  throw new InputError(`${dir}: no trace of a trial "${name}"; there are ${known.join(', ') || 'none'}`);
}

/** Text that other commands of the step have already written counts towards GitHub's limit. */
function addToStepSummary(contents: ReportContents): void {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (!file) {
    throw new EnvironmentError('GITHUB_STEP_SUMMARY is not set: --format github works in a step of GitHub Actions');
  }
  const there = existsSync(file) ? statSync(file).size : 0;
  try {
    appendFileSync(file, markdownReport(contents, MAX_BYTES - there));
  } catch (error) {
    throw new EnvironmentError(`${file}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
