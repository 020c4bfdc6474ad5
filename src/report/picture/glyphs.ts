/** The sign of each event in a pod's lane. The signs differ in shape, so that none depends on colour. */
import type { MomentId } from '../../analysis/moments.ts';
import { type Markup, markup } from '../markup.ts';

/** Half the height of the bar and of the lane, in px. */
export const BAR_HALF = 4;
export const LANE_HALF = 11;

export interface Glyph {
  id: MomentId;
  name: string;
  /** Draws the sign around that point on the bar's centre line. */
  draw(x: number, y: number): Markup;
}

/** In the order of the legend. Events without a sign appear only in the tables. */
export const GLYPHS: readonly Glyph[] = [
  { id: 'ready', name: 'ready', draw: (x, y) => stroke(x, y - BAR_HALF - 2, y + BAR_HALF + 2) },
  {
    id: 'deletion',
    name: 'deletion requested',
    draw: (x, y) => markup`<path class="g" d="M${x} ${y - BAR_HALF}l-4-6h8z"/>`,
  },
  {
    id: 'endpoint-removed',
    name: 'endpoint removed from a router',
    draw: (x, y) => markup`<circle class="go" cx="${x}" cy="${y}" r="3"/>`,
  },
  {
    id: 'last-new-connection',
    name: 'last new connection',
    draw: (x, y) => markup`<path class="g" d="M${x} ${y + BAR_HALF}l-3.5 6h7z"/>`,
  },
  {
    id: 'pre-stop-end',
    name: 'preStop ended',
    draw: (x, y) => stroke(x, y - BAR_HALF, y + BAR_HALF),
  },
  {
    id: 'sigterm',
    name: 'SIGTERM',
    draw: (x, y) =>
      markup`<path class="gs gw" d="M${x} ${y - LANE_HALF + 2}V${y + LANE_HALF - 2}"/><path class="gs gw" d="M${x - 3.5} ${y - LANE_HALF + 2}h7"/>`,
  },
  {
    id: 'stopped-listening',
    name: 'stopped listening',
    draw: (x, y) => markup`<path class="go" d="M${x - 3} ${y - 3}h6v6h-6z"/>`,
  },
  {
    id: 'sigkill',
    name: 'SIGKILL',
    draw: (x, y) => markup`<path class="gk" d="M${x - 5} ${y - 5}l10 10m0-10l-10 10"/>`,
  },
  {
    id: 'exit',
    name: 'exit',
    draw: (x, y) => markup`<path class="gs gw" d="M${x} ${y - BAR_HALF - 2}v${2 * BAR_HALF + 4}"/>`,
  },
];

function stroke(x: number, fromY: number, toY: number): Markup {
  return markup`<path class="gs" d="M${x} ${fromY}V${toY}"/>`;
}
