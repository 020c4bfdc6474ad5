/** One cell of the matrix in detail: its trials, each with its picture and the figures behind it. */

import type { Advice } from '../../analysis/advice.ts';
import { CAUSE_IDS } from '../../analysis/causes.ts';
import { disruptionNoun } from '../../analysis/disruption-words.ts';
import type { TrialResult } from '../../analysis/result.ts';
import type { Trace } from '../../trace/trace.ts';
import { CHANGES_TITLE, changeLines, measuredLines } from '../advice.ts';
import type { ReportedTrial } from '../contents.ts';
import { count, counted, percent, seconds } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { cellTitle, rolledName, rowName } from '../names.ts';
import { timeline } from '../picture/timeline.ts';
import { cellId } from './matrix.ts';
import { measured } from './measured.ts';
import { causeLabel } from './swatch.ts';
import { brokenTable, latencyTable, podTable } from './tables.ts';

/** All trials of one runtime in one variant; pictures span at least `lengthMs`. */
export function cellSection(trials: readonly ReportedTrial[], lengthMs: number): Markup {
  const first = trials[0]?.result;
  if (!first) return markup``;
  const id = cellId(first);
  const name = cellTitle({ ...first, runtimeVersion: '' });
  const shown = trials.filter(({ trace }) => trace !== undefined);
  const body =
    trials.length === 1
      ? trials.map((trial) => trialBody(trial, lengthMs))
      : [repeatTable(trials, shown.length), ...shown.map((trial) => repeatSection(trial, lengthMs))];
  return markup`<section class="cell" aria-labelledby="${id}">
<h3 id="${id}">${rolledName(first)} <small>${first.runtimeVersion}</small><span class="vh">, ${rowName(first)}</span></h3>
${body}
<p class="back"><a href="#matrix">Back to the matrix<span class="vh"> from ${name}</span></a></p>
</section>
`;
}

function repeatSection(trial: ReportedTrial, lengthMs: number): Markup {
  return markup`<section><h4>Rollout ${trial.result.repeat + 1}</h4>${trialBody(trial, lengthMs)}</section>`;
}

function repeatTable(trials: readonly ReportedTrial[], shown: number): Markup {
  const rows = trials.map(
    ({ result }) =>
      markup`<tr><th scope="row">${result.repeat + 1}</th><td class="num">${count(result.failed)}</td><td class="num">${count(result.exposed)}</td><td class="num">${count(result.podsReplaced)}</td><td class="num">${seconds(result.longestOutageMs)}</td><td>${result.valid ? 'yes' : result.invalidReasons.join('; ')}</td></tr>`,
  );
  const note = shown < trials.length ? markup`<p class="note">${picturesShown(shown)}</p>` : '';
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="Rollouts"><table><caption>Rollouts</caption><thead><tr><th scope="col">rollout</th><th scope="col">broken</th><th scope="col">exposed</th><th scope="col">pods replaced</th><th scope="col">longest outage</th><th scope="col">valid</th></tr></thead><tbody>${rows}</tbody></table></div>${note}`;
}

function picturesShown(shown: number): string {
  if (shown === 0) return 'There are no pictures, because no traces of these rollouts were kept.';
  return shown === 1
    ? 'There is a picture of the rollout that broke most.'
    : `There are pictures of the ${shown} rollouts that broke most.`;
}

function trialBody({ result, trace, advice }: ReportedTrial, lengthMs: number): Markup {
  return markup`<p class="verdict">${verdict(result)}</p>
${result.invalidReasons.map((reason) => markup`<p class="invalid"><strong>Invalid:</strong> ${reason}.</p>`)}
${trace ? picture(trace, result, lengthMs) : markup`<p class="note">There is no picture, because no trace of this trial was kept.</p>`}
${advice ? changeList(advice) : ''}
${trace ? figures(trace, result, advice) : ''}`;
}

function verdict(result: TrialResult): Markup {
  const outage = result.longestOutageMs > 0 ? `; longest outage ${seconds(result.longestOutageMs)}` : '';
  const rollout =
    result.rolloutMs === null ? '' : `; the ${disruptionNoun(result.disruption)} took ${seconds(result.rolloutMs)}`;
  return result.failed === 0
    ? markup`<strong class="good">0 broken</strong> of ${counted(result.exposed, 'exposed request')} (at most ${percent(result.failedUpperBound)}, 95 % confidence)${rollout}.`
    : markup`<strong class="bad">${count(result.failed)} broken</strong>, ${counted(result.exposed, 'exposed request')}${outage}${rollout}.`;
}

function picture(trace: Trace, result: TrialResult, lengthMs: number): Markup {
  const { svg, note } = timeline(trace, lengthMs);
  const causes = CAUSE_IDS.filter((id) => result.causes[id] > 0).map(
    (id) => markup`<span class="cause">${causeLabel(id)} ${count(result.causes[id])}</span>`,
  );
  return markup`<figure><div class="scroll" tabindex="0" role="group" aria-label="Timeline">${svg}</div>${note ? markup`<figcaption>${note} ${causes}</figcaption>` : ''}</figure>`;
}

function changeList(advice: Advice): Markup {
  const changes = changeLines(advice);
  return changes.length === 0
    ? markup``
    : markup`<div class="advice"><p><strong>${CHANGES_TITLE}</strong></p>${list(changes)}</div>`;
}

function list(lines: readonly string[]): Markup {
  return markup`<ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul>`;
}

function figures(trace: Trace, result: TrialResult, advice: Advice | undefined): Markup {
  const enough = advice ? measuredLines(advice) : [];
  const broken = result.failed > 0 ? fold(`Broken requests (${count(result.failed)})`, brokenTable(trace)) : markup``;
  return markup`<div class="folds">${broken}${enough.length > 0 ? fold('Measurements and required settings', list(enough)) : ''}${fold('Pods', podTable(trace))}${fold('Latency', latencyTable(trace))}${fold('How it was measured', measured(trace))}</div>`;
}

function fold(title: string, content: Markup): Markup {
  return markup`<details><summary>${title}</summary>${content}</details>`;
}
