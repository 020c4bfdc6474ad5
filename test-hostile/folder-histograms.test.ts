/** Histograms that are corrupted at random: each is rejected, or can be counted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { type Random, seededRandom } from '../src/random.ts';
import {
  decodeHistogram,
  emptyHistogram,
  encodeHistogram,
  histogramProblem,
  percentileMs,
  recordMs,
  sumOfHistograms,
} from '../src/trace/histogram.ts';

const SEED = Number(process.env.HOSTILE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 3000;
const LIMIT_MS = 1000;
const HEADER = 40;

function good(): Buffer {
  const histogram = emptyHistogram();
  for (let ms = 0.1; ms < 600_000; ms *= 1.3) recordMs(histogram, ms);
  return inflateSync(Buffer.from(encodeHistogram(histogram), 'base64').subarray(8));
}

/** The outer format around this content, with matching lengths. */
function wrapped(content: Buffer, deflated: Buffer = deflateSync(content)): Buffer {
  const outer = Buffer.alloc(8);
  outer.writeInt32BE(0x1c849314, 0);
  outer.writeInt32BE(deflated.length, 4);
  return Buffer.concat([outer, deflated]);
}

function withLength(content: Buffer): Buffer {
  if (content.length >= HEADER) content.writeInt32BE(content.length - HEADER, 4);
  return content;
}

/** The content of a histogram with these bytes as its counts. */
function counts(bytes: Buffer): Buffer {
  return withLength(Buffer.concat([good().subarray(0, HEADER), bytes]));
}

function header(write: (content: Buffer) => void): Buffer {
  const content = Buffer.from(good());
  write(content);
  return content;
}

const KINDS: readonly [what: string, bytes: () => Buffer][] = [
  ['a bomb of 64 MB', () => wrapped(Buffer.alloc(0), bomb())],
  ['zeros without end', () => wrapped(counts(Buffer.alloc(100_000)))],
  ['a run of zeros beyond the range', () => wrapped(counts(Buffer.from([0xff, 0xff, 0xff, 0x7f])))],
  ['a run of zeros that goes backwards', () => wrapped(counts(Buffer.from('ff'.repeat(9), 'hex')))],
  ['a count of 2^53', () => wrapped(counts(Buffer.from('8080808080808040', 'hex')))],
  ['a count that is cut short', () => wrapped(counts(Buffer.from([0x80])))],
  ['a payload length of -1', () => wrapped(header((content) => content.writeInt32BE(-1, 4)))],
  ['a payload length of 2^31 - 1', () => wrapped(header((content) => content.writeInt32BE(2 ** 31 - 1, 4)))],
  ['5 digits', () => wrapped(header((content) => content.writeInt32BE(5, 12)))],
  ['-1 digits', () => wrapped(header((content) => content.writeInt32BE(-1, 12)))],
  ['a lowest value of 0', () => wrapped(header((content) => content.writeBigInt64BE(0n, 16)))],
  ['a range up to 2^62', () => wrapped(header((content) => content.writeBigInt64BE(2n ** 62n, 24)))],
  ['a negative range', () => wrapped(header((content) => content.writeBigInt64BE(-1n, 24)))],
  ['the first format', () => wrapped(header((content) => content.writeInt32BE(0x1c849301, 0)))],
  ['no content', () => wrapped(Buffer.alloc(0))],
  ['half a header', () => wrapped(good().subarray(0, 20))],
  ['what is not deflated', () => wrapped(good(), good())],
  ['cut short', () => wrapped(good()).subarray(0, 60)],
  ['nothing', () => Buffer.alloc(0)],
];

/** Small enough to be read, and much longer than any histogram. */
function bomb(): Buffer {
  return deflateSync(Buffer.alloc(64 << 20), { level: 9 });
}

/** The text is rejected, or it is quickly decoded, counted and added up like any other. */
function assertHeld(base64: string, what: string): void {
  const startedMs = performance.now();
  if (histogramProblem(base64) === undefined) {
    const histogram = decodeHistogram(base64);
    const sum = sumOfHistograms([histogram, histogram]);
    for (const value of [percentileMs(sum, 99), sum.maxValue, sum.totalCount]) {
      assert.ok(Number.isFinite(value) && value >= 0, what);
    }
  } else assert.throws(() => decodeHistogram(base64), /^Error: not a histogram: /, what);
  assert.ok(performance.now() - startedMs < LIMIT_MS, what);
}

function spoilt(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = () => Math.floor(random.next() * copy.length);
  const times = 1 + Math.floor(random.next() * 4);
  for (let i = 0; i < times; i++) copy[at()] = random.pick([0, 1, 0x7f, 0x80, 0xff]) ?? 0;
  return random.next() < 0.2 ? copy.subarray(0, at()) : copy;
}

describe('a histogram', () => {
  it('as it is, is counted', () => assert.equal(histogramProblem(wrapped(good()).toString('base64')), undefined));
  for (const [what, bytes] of KINDS) {
    it(`of ${what} is refused`, () => {
      const base64 = bytes().toString('base64');
      assert.notEqual(histogramProblem(base64), undefined);
      assertHeld(base64, what);
    });
  }
  for (const text of ['=', 'A', 'AAA=', '\u0000', '-_-_', 'A'.repeat(10_000_000), '\ud800\ud800']) {
    it(`of ${JSON.stringify(text.slice(0, 8))} is refused`, () => assertHeld(text, text.slice(0, 8)));
  }
  const [content, seed] = [good(), `HOSTILE_SEED=${SEED}`];
  const spoilAt: [what: string, spoil: (random: Random) => Buffer][] = [
    ['around', (random) => spoilt(wrapped(content), random)],
    ['within', (random) => wrapped(spoilt(content, random))],
    ['within, with the right length', (random) => wrapped(withLength(spoilt(content, random)))],
    ['in its counts', (random) => wrapped(counts(spoilt(content.subarray(HEADER), random)))],
  ];
  for (const [what, spoil] of spoilAt) {
    it(`spoilt ${what} at random (${seed})`, () => {
      const random = seededRandom(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        assertHeld(spoil(random).toString('base64'), `${seed} ${what} round ${round}`);
      }
    });
  }
});
