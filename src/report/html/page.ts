/** The whole report page: a single file that needs no network and no script. */

import { largest } from '../../extremes.ts';
import type { Complaint } from '../../results/judge.ts';
import type { RunKind } from '../../results/result-file.ts';
import { DIRECT } from '../../trace/trace.ts';
import { assumptionLines } from '../assumptions.ts';
import { complaintLine } from '../complaints.ts';
import type { ReportContents, ReportedTrial } from '../contents.ts';
import { headline } from '../headline.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { anchor, pageTitle, type RowIdentity, rowName } from '../names.ts';
import { notes } from '../notes.ts';
import { timeWindow } from '../picture/frame.ts';
import { PICTURE_CSS, THEME_CSS } from '../picture/picture-style.ts';
import { matrix } from '../summary.ts';
import { withoutCommandsInMarkup } from '../xml.ts';
import { fixSection } from './found-fix.ts';
import { causeLegend, timelineLegend } from './legend.ts';
import { matrixTable } from './matrix.ts';
import { PAGE_CSS } from './page-style.ts';
import { sessionTable } from './tables.ts';
import { cellSection } from './trial.ts';

/** Forbids the browser to load anything, so that a report from anyone is safe to open. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const MATRIX_TITLES: Record<RunKind, string> = {
  comparison: 'Every variant on every runtime',
  'own-service': 'The rollouts and the control',
  'find-fix': 'Every set of fixes that was tried, and the control',
};

export function htmlReport({ run, judgement, trials }: ReportContents): string {
  const { columns, rows } = matrix(run.trials);
  const runtimes = columns.map(({ runtime }) => runtime);
  const { text, mood } = headline(run, judgement);
  const title = pageTitle(run);
  const sections = rows.map((row) => variantSection(row, runtimes, trials));
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="k8s-rollout-test">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(THEME_CSS + PICTURE_CSS + PAGE_CSS)}</style>
</head>
<body>
<header>
<p class="eyebrow">k8s-rollout-test</p>
<h1>${title}</h1>
${mood === 'neutral' ? '' : markup`<p class="headline ${mood}">${text}.</p>`}
${assumptionLines(run.trials).map((line) => markup`<p class="note">${line}</p>`)}
</header>
<main>
<section aria-labelledby="matrix">
<h2 id="matrix">${MATRIX_TITLES[run.kind]}</h2>
${matrixTable(run.trials)}
${sessionTable(run.trials)}
${notes(run).map((note) => markup`<p class="note">${note}</p>`)}
${complaintList(judgement.complaints)}
${causeLegend(judgement.state !== 'invalid')}
${timelineLegend()}
</section>
${run.fix ? fixSection(run.fix) : ''}
${sections}
</main>
</body>
</html>
`;
  return withoutCommandsInMarkup(page.toString());
}

function complaintList(complaints: readonly Complaint[]): Markup {
  if (complaints.length === 0) return markup``;
  return markup`<div class="complaints"><h3>Problems</h3><ul>${complaints.map((complaint) => markup`<li>${complaintLine(complaint)}</li>`)}</ul></div>`;
}

/** All pictures of a row share one time scale, so that runtimes can be compared visually. */
function variantSection(
  row: Required<RowIdentity>,
  runtimes: readonly string[],
  trials: readonly ReportedTrial[],
): Markup {
  const own = trials.filter(({ result }) => result.variant === row.variant && result.through === row.through);
  const lengths = own.flatMap(({ trace }) => {
    if (!trace) return [];
    const { fromMs, toMs } = timeWindow(trace);
    return [toMs - fromMs];
  });
  const lengthMs = largest(lengths, 0);
  const id = anchor(`variant-${row.variant}${row.through === DIRECT ? '' : `-behind-${row.through}`}`);
  const cells = runtimes.map((runtime) =>
    cellSection(
      own.filter(({ result }) => result.runtime === runtime),
      lengthMs,
    ),
  );
  return markup`<section class="variant" aria-labelledby="${id}">
<h2 id="${id}">${rowName(row)}</h2>
${cells}
</section>
`;
}
