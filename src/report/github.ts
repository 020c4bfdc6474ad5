/** Annotations for GitHub Actions: what is not as it should be, at the top of the job's page. */
import type { ReportContents } from './contents.ts';
import { count } from './format.ts';
import { type Annotation, annotationLines } from './github-escape.ts';

/** The workflow commands, one a line; empty when all is well. */
export function githubAnnotations({ complaints }: ReportContents): string {
  const annotations = complaints.map((message): Annotation => {
    const invalid = message.startsWith('invalid: ');
    return {
      level: 'error',
      title: invalid ? 'The measurement is not valid' : 'A valid variant broke requests',
      message: message.replace(/^invalid: /, ''),
    };
  });
  return annotationLines(annotations)
    .map((line) => `${line}\n`)
    .join('');
}

/** One line for the log beside the annotations. */
export function githubLogLine({ trials, complaints }: ReportContents): string {
  const failed = trials.reduce((sum, { result }) => sum + result.failed, 0);
  return `${count(trials.length)} trials, ${count(failed)} broken requests, ${count(complaints.length)} complaints; see the job summary\n`;
}
