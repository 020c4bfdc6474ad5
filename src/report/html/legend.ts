/** What the colours, shapes and signs of the page mean. */
import { CAUSES } from '../../analysis/causes.ts';
import { type Markup, markup } from '../markup.ts';
import { GLYPHS } from '../picture/glyphs.ts';
import { swatch } from './swatch.ts';

const PARTS = [
  ['starting', 'starting'],
  ['ready', 'ready'],
  ['leaving', 'terminating, SIGTERM not sent yet (preStop)'],
  ['stopping', 'SIGTERM sent'],
  ['finishing', 'no longer listening'],
] as const;

/** @param withFixes false for an invalid measurement */
export function causeLegend(withFixes: boolean): Markup {
  const items = [...CAUSES]
    .sort((a, b) => (a.number || 99) - (b.number || 99))
    .map(
      ({ id, name, explanation, fix }) =>
        markup`<div><dt>${swatch(id)} ${name}</dt><dd>${explanation}${withFixes ? markup` <em>${fix}</em>` : ''}</dd></div>`,
    );
  return markup`<details class="legend"><summary>What the causes mean${withFixes ? ', and how to fix each' : ''}</summary><dl>${items}</dl></details>`;
}

export function timelineLegend(): Markup {
  const parts = PARTS.map(
    ([part, name]) =>
      markup`<li><svg class="sign" viewBox="0 0 28 22" aria-hidden="true"><path class="b ${part}" d="M2 7h24v8h-24z"/></svg> ${name}</li>`,
  );
  const signs = GLYPHS.map(
    ({ name, draw }) =>
      markup`<li><svg class="sign" viewBox="0 0 28 22" aria-hidden="true"><path class="b leaving" d="M2 7h24v8h-24z"/>${draw(14, 11)}</svg> ${name}</li>`,
  );
  return markup`<details class="legend"><summary>How to read a timeline</summary><p>There is one lane per pod. Below the lanes are the answered requests by start time (dark: old pods, light: new pods). Below the axis are the broken requests by start time, each with the colour and shape of its cause. The tables under each picture hold the same data.</p><ul>${parts}${signs}</ul></details>`;
}
