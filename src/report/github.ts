/** Annotations for GitHub Actions: the problems of a run, shown at the top of the job's page. */
import { logLine } from '../printable.ts';
import type { Complaint } from '../results/judge.ts';
import type { RunKind } from '../results/result-file.ts';
import { complaintLine } from './complaints.ts';
import type { ReportContents } from './contents.ts';
import { counted } from './format.ts';
import { type Annotation, annotationLines } from './github-escape.ts';
import { headline } from './headline.ts';
import { rolledName } from './names.ts';

/** One workflow command per line; empty if there are no problems. */
export function githubAnnotations({ run, judgement }: Pick<ReportContents, 'run' | 'judgement'>): string {
  const [first] = run.trials;
  const server = run.kind === 'comparison' || !first ? '' : `${rolledName(first)}: `;
  const annotations = judgement.complaints.map(
    (complaint): Annotation => ({
      level: complaint.kind === 'hint' ? 'notice' : 'error',
      title: title(complaint.kind, run.kind),
      message: `${server}${complaintLine(complaint).replace(/^invalid: /, '')}`,
    }),
  );
  return annotationLines(annotations)
    .map((line) => `${line}\n`)
    .join('');
}

/** One line for the log, next to the annotations. */
export function githubLogLine({ run, judgement }: Pick<ReportContents, 'run' | 'judgement'>): string {
  const failed = run.trials.reduce((sum, trial) => sum + trial.failed, 0);
  const said =
    run.kind === 'comparison'
      ? `${counted(run.trials.length, 'trial')}, ${counted(failed, 'broken request')}, ${counted(judgement.complaints.length, 'problem')}`
      : headline(run, judgement).text;
  return `${logLine(`${said}; see the job summary`)}\n`;
}

function title(kind: Complaint['kind'], run: RunKind): string {
  switch (kind) {
    case 'invalid':
      return 'Invalid measurement';
    case 'broke':
      return run === 'comparison' ? 'A valid variant broke requests' : 'A rollout broke requests';
    case 'not-found':
      return 'No fix was found';
    case 'hint':
      return 'Hint';
  }
}
