/** The whole page: one file that needs no network and no script. */

import type { ReportContents, ReportedTrial } from '../contents.ts';
import { headline, notes } from '../headline.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import { anchor, variantName } from '../names.ts';
import { timeWindow } from '../picture/frame.ts';
import { PICTURE_CSS, THEME_CSS } from '../picture/picture-style.ts';
import { matrix } from '../summary.ts';
import { fixSection } from './found-fix.ts';
import { causeLegend, timelineLegend } from './legend.ts';
import { matrixTable } from './matrix.ts';
import { PAGE_CSS } from './page-style.ts';
import { cellSection } from './trial.ts';

/** The browser is told to load nothing, so that a report is safe to open wherever it comes from. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function htmlReport({ trials, complaints, fix }: ReportContents): string {
  const results = trials.map((trial) => trial.result);
  const { runtimes, rows } = matrix(results);
  const { text, clean } = headline(rows.find((row) => row.variant === 'valid')?.cells ?? []);
  const sections = rows.map(({ variant }) => variantSection(variant, runtimes, trials));
  const verdict = clean === undefined ? '' : clean ? 'good' : 'bad';
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="k8s-rollout-test">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Requests broken by a rolling update</title>
<style>${trusted(THEME_CSS + PICTURE_CSS + PAGE_CSS)}</style>
</head>
<body>
<header>
<p class="eyebrow">k8s-rollout-test</p>
<h1>Requests broken by one rolling update</h1>
${clean === undefined ? '' : markup`<p class="headline ${verdict}">${text}.</p>`}
</header>
<main>
<section aria-labelledby="matrix">
<h2 id="matrix">Every variant on every runtime</h2>
${matrixTable(results)}
${notes(results).map((note) => markup`<p class="note">${note}</p>`)}
${complaintList(complaints)}
${causeLegend()}
${timelineLegend()}
</section>
${fix ? fixSection(fix) : ''}
${sections}
</main>
</body>
</html>
`;
  return page.toString();
}

function complaintList(complaints: readonly string[]): Markup {
  if (complaints.length === 0) return markup``;
  return markup`<div class="complaints"><h3>Not as it should be</h3><ul>${complaints.map((line) => markup`<li>${line}</li>`)}</ul></div>`;
}

/** One scale for all pictures of a variant, so that runtimes can be compared by eye. */
function variantSection(variant: string, runtimes: readonly string[], trials: readonly ReportedTrial[]): Markup {
  const own = trials.filter(({ result }) => result.variant === variant);
  const lengths = own.flatMap(({ trace }) => {
    if (!trace) return [];
    const { fromMs, toMs } = timeWindow(trace);
    return [toMs - fromMs];
  });
  const lengthMs = Math.max(0, ...lengths);
  const id = anchor(`variant-${variant}`);
  const cells = runtimes.map((runtime) =>
    cellSection(
      own.filter(({ result }) => result.runtime === runtime),
      lengthMs,
    ),
  );
  return markup`<section class="variant" aria-labelledby="${id}">
<h2 id="${id}">${variantName(variant)}</h2>
${cells}
</section>
`;
}
