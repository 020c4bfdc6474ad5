import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAUSE_IDS } from '../../src/analysis/causes.ts';
import { CAUSE_LOOKS, PAGE } from '../../src/report/picture/palette.ts';

type Rgb = readonly number[];

/** Linear RGB, 0 to 1. */
function linear(hex: string): Rgb {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => dot(linear(hex), [0.2126, 0.7152, 0.0722]);
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function dot(a: Rgb, b: Rgb): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

/** Machado, Oliveira and Fernandes 2009, severity 1. */
const SEEN_BY: Record<string, readonly Rgb[]> = {
  everybody: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopes: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopes: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

/** CIE L*a*b* of linear sRGB, D65. */
function lab(rgb: Rgb): Rgb {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot(rgb, [0.4124, 0.3576, 0.1805]) / 0.95047);
  const y = f(dot(rgb, [0.2126, 0.7152, 0.0722]));
  const z = f(dot(rgb, [0.0193, 0.1192, 0.9505]) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe('the colours of causes', () => {
  for (const theme of ['light', 'dark'] as const) {
    test(`${theme}: each has 3:1 against every background (WCAG 1.4.11)`, () => {
      for (const id of CAUSE_IDS) {
        for (const background of PAGE[theme]) assert.ok(contrast(CAUSE_LOOKS[id][theme], background) >= 3, id);
      }
    });

    for (const [who, matrix] of Object.entries(SEEN_BY)) {
      test(`${theme}: any two can be distinguished by ${who}`, () => {
        const seen = CAUSE_IDS.map((id) => {
          const colour = linear(CAUSE_LOOKS[id][theme]);
          return lab(matrix.map((row) => Math.max(0, dot(row, colour))));
        });
        seen.forEach((one, index) => {
          for (const [offset, other] of seen.slice(index + 1).entries()) {
            const distance = Math.hypot(...one.map((value, axis) => value - (other[axis] ?? 0)));
            assert.ok(
              distance >= 20,
              `${CAUSE_IDS[index]} and ${CAUSE_IDS[index + 1 + offset]}: ${distance.toFixed(0)}`,
            );
          }
        });
      });
    }
  }

  test('each come with a different shape', () => {
    const shapes = CAUSE_IDS.map((id) => JSON.stringify(CAUSE_LOOKS[id].shape(9)));
    assert.equal(new Set(shapes).size, CAUSE_IDS.length);
  });
});
