/**
 * The style of timelines and matrices, used in the page and in standalone pictures. The colours come from the theme.
 */
import { CAUSE_IDS } from '../../analysis/causes.ts';
import { CAUSE_LOOKS } from './palette.ts';

const LIGHT = {
  page: '#ffffff',
  panel: '#f5f6f8',
  line: '#dde1e7',
  text: '#1b2027',
  dim: '#5a6472',
  link: '#0b5cad',
  good: '#1a7a4c',
  bad: '#a8321a',
  warn: '#7d5a00',
  ready: '#8fa3bb',
  leaving: '#c3cedb',
  starting: '#e6eaf0',
  stopping: '#d9cdb4',
  finishing: '#ece4d4',
  old: '#8fa3bb',
  new: '#c9d4e1',
};

const DARK: typeof LIGHT = {
  page: '#14171c',
  panel: '#1c2027',
  line: '#323945',
  text: '#e7eaee',
  dim: '#a0a9b6',
  link: '#7db8ff',
  good: '#5fd39b',
  bad: '#ff9b80',
  warn: '#e3b951',
  ready: '#5f748e',
  leaving: '#43546a',
  starting: '#2a313b',
  stopping: '#6b5f45',
  finishing: '#453f31',
  old: '#5f748e',
  new: '#3c4a5c',
};

function variables(theme: typeof LIGHT, look: 'light' | 'dark'): string {
  const colours = Object.entries(theme).map(([name, value]) => `--${name}:${value}`);
  return [...colours, ...CAUSE_IDS.map((id) => `--c-${id}:${CAUSE_LOOKS[id][look]}`)].join(';');
}

export const THEME_CSS = `:root{color-scheme:light dark;${variables(LIGHT, 'light')}}
@media(prefers-color-scheme:dark){:root{${variables(DARK, 'dark')}}}
${CAUSE_IDS.map((id) => `.c-${id}{fill:var(--c-${id})}`).join('')}
`;

/** All text is at least 11 px at the picture's natural size. */
export const PICTURE_CSS = `
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;fill:var(--text);font-variant-numeric:tabular-nums}
svg .dim,svg .tick,svg .hint,svg .zerolabel{fill:var(--dim)}
svg .name{text-anchor:end}
svg .tick{text-anchor:middle}
svg .grid{stroke:var(--line);stroke-width:1}
svg .axis{stroke:var(--dim);stroke-width:1}
svg .zero{stroke:var(--dim);stroke-width:1;stroke-dasharray:3 3}
svg .rail{stroke:var(--line);stroke-width:1}
svg .before{fill:var(--panel)}
svg .hit{fill:transparent}
.starting{fill:var(--starting)}.ready{fill:var(--ready)}.leaving{fill:var(--leaving)}.stopping{fill:var(--stopping)}.finishing{fill:var(--finishing)}
.old{fill:var(--old)}.new{fill:var(--new)}
.g{fill:var(--text)}
.go{fill:var(--page);stroke:var(--text);stroke-width:1.3}
.gs{stroke:var(--text);stroke-width:1;fill:none}
.gw{stroke-width:1.8}
.gk{stroke:var(--bad);stroke-width:2.4;fill:none}
.lane .times{opacity:0;pointer-events:none}
.lane:hover .times,.lane:focus .times{opacity:1}
.lanes:hover .hint,.lanes:focus-within .hint,.lanes:hover .lane:focus:not(:hover) .times{opacity:0}
.hint,.times{paint-order:stroke;stroke:var(--page);stroke-width:4px}
.lane:hover .hit,.lane:focus .hit{fill:var(--panel)}
.lane:focus-visible .hit{stroke:var(--link);stroke-width:2}
`;
