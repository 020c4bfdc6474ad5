/**
 * A colour and a shape for each cause. The colours are based on the palette of Okabe and Ito, changed so that in both
 * themes each has a contrast of at least 3:1 with the page, and any two can be distinguished under simulated protanopia
 * and deuteranopia.
 */
import type { CauseId } from '../../analysis/causes.ts';

export interface CauseLook {
  light: string;
  dark: string;
  /** The outline of a mark of that size, in px. */
  shape: (size: number) => Shape;
}

export const CAUSE_LOOKS: Record<CauseId, CauseLook> = {
  capacity: { light: '#672e0a', dark: '#c96a42', shape: square },
  'no-graceful-shutdown': { light: '#025ee7', dark: '#3d8bff', shape: circle },
  'grace-too-short': { light: '#8f2377', dark: '#cf4fa0', shape: triangle },
  'routing-lag': { light: '#25936b', dark: '#35e0a1', shape: diamond },
  'keep-alive-race': { light: '#1795d1', dark: '#63c7f7', shape: triangleDown },
  'not-ready': { light: '#a67f0e', dark: '#f5dc47', shape: plus },
  gateway: { light: '#db0449', dark: '#ad4b5c', shape: bowTie },
  unexplained: { light: '#1f1f1f', dark: '#ebebeb', shape: hourglass },
};

/** Marks of one size and cause as a single SVG path. The corners are the top left corners of the marks' boxes. */
export function markPath(id: CauseId, size: number, corners: readonly (readonly [x: number, y: number])[]): string {
  const { dx, dy, path } = CAUSE_LOOKS[id].shape(size);
  // Each mark ends where it began. The next one is reached with a relative step, which is shorter than coordinates.
  let [atX, atY] = [0, 0];
  return corners
    .map(([x, y], index) => {
      const [toX, toY] = [round(x + dx), round(y + dy)];
      const step = index === 0 ? `M${toX} ${toY}` : `m${round(toX - atX)} ${round(toY - atY)}`;
      [atX, atY] = [toX, toY];
      return `${step.replace(' -', '-')}${path}`;
    })
    .join('');
}

/** The backgrounds that the colours are chosen for. */
export const PAGE = { light: ['#ffffff', '#f5f6f8'], dark: ['#14171c', '#1c2027'] } as const;

/** A closed path, and where it begins relative to the top left corner of the mark's box. */
export interface Shape {
  dx: number;
  dy: number;
  path: string;
}

function square(size: number): Shape {
  return { dx: 0, dy: 0, path: `h${n(size)}v${n(size)}h${n(-size)}z` };
}

function circle(size: number): Shape {
  const radius = n(size / 2);
  const arc = (width: number) => `a${radius} ${radius} 0 1 1 ${n(width)} 0`;
  return { dx: 0, dy: size / 2, path: `${arc(size)}${arc(-size)}z`.replaceAll(' -', '-') };
}

function triangle(size: number): Shape {
  return { dx: 0, dy: size, path: `h${n(size)}l${n(-size / 2)}${n(-size)}z` };
}

function triangleDown(size: number): Shape {
  return { dx: 0, dy: 0, path: `h${n(size)}l${n(-size / 2)} ${n(size)}z` };
}

function diamond(size: number): Shape {
  const half = n(size / 2);
  const back = n(-size / 2);
  return { dx: size / 2, dy: 0, path: `l${half} ${half}l${back} ${half}l${back}${back}z` };
}

function bowTie(size: number): Shape {
  return { dx: 0, dy: 0, path: `l${n(size)} ${n(size)}v${n(-size)}l${n(-size)} ${n(size)}z` };
}

function plus(size: number): Shape {
  const arm = n(size / 3);
  const back = n(-size / 3);
  const path = `h${arm}v${arm}h${arm}v${arm}h${back}v${arm}h${back}v${back}h${back}v${back}h${arm}z`;
  return { dx: size / 3, dy: 0, path };
}

function hourglass(size: number): Shape {
  return { dx: 0, dy: 0, path: `h${n(size)}l${n(-size)} ${n(size)}h${n(size)}z` };
}

/** To a hundredth of a pixel. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A number as text, rounded to keep the path short. */
function n(value: number): string {
  return String(round(value));
}
