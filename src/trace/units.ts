/**
 * The units of a trace and of a result, each bounded by what a run can have: a folder may come from anywhere, and what reads
 * it neither runs out of memory nor counts beyond what numbers are exact for.
 */
import * as z from 'zod';
import { histogramProblem } from './histogram.ts';

/** Width of a success bucket, in ms. */
export const BUCKET_MS = 100;

/** No clock and no limit of Kubernetes is further from the trial than this, in ms: three centuries. */
const MAX_TIME_MS = 1e13;
/** Trials of the largest run: 1,000 repeats of 7 variants on 3 runtimes, with room to spare. */
export const MAX_TRIALS = 25_000;
/** Counts up to this can be added up over all trials: 20,000 requests per second for more than a year. */
const MAX_COUNT = 1e11;
/** In 100 ms: 25 times the highest rate, for clients that catch up. */
const MAX_PER_BUCKET = 50_000;
/** Longer texts are in no manifest: the API server takes about 1 MB. */
const MAX_TEXT = 1 << 20;
const MAX_NAME = 60;
const MAX_VERSION = 100;
/** A reason is a sentence of this program's. */
const MAX_SENTENCE = 1000;

export const Ms = z.number().min(-MAX_TIME_MS).max(MAX_TIME_MS).describe('milliseconds since the start of the trial');
/** ms since 1970, by whatever clock. */
export const EpochMs = z.number().min(0).max(MAX_TIME_MS);
/** A length of time in ms. */
export const DurationMs = z
  .number()
  .min(-2 * MAX_TIME_MS)
  .max(2 * MAX_TIME_MS);
/** The same in seconds. */
export const Seconds = z
  .number()
  .min(-MAX_TIME_MS / 500)
  .max(MAX_TIME_MS / 500);
/** What a manifest may ask for: Kubernetes takes any 64-bit number of seconds. */
export const ManifestSeconds = z
  .number()
  .min(0)
  .max(2 ** 63);
export const ManifestMs = z
  .number()
  .min(0)
  .max(2 ** 63 * 1000);
export const Share = z.number().min(0).max(1);
export const Count = z.int().min(0).max(MAX_COUNT);
export const BucketCount = z.int().min(0).max(MAX_PER_BUCKET);
export const Bucket = z
  .int()
  .min(-MAX_TIME_MS / BUCKET_MS)
  .max(MAX_TIME_MS / BUCKET_MS);
/** How often something was repeated, restarted, asked for. */
export const SmallCount = z
  .int()
  .min(0)
  .max(2 ** 31);
/** A status, an exit code. */
export const Code = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 32);

/** Words of others: a message, a command, what a server called itself. */
export const Text = z.string().max(MAX_TEXT);
export const Version = z.string().max(MAX_VERSION);
export const Sentence = z.string().max(MAX_SENTENCE);
/** The name of a runtime, a variant or a scenario: it becomes part of file names, and an id within a page. */
export const Name = z
  .string()
  .max(MAX_NAME)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'must consist of letters, digits, "-", "_", "." and "+"');

/** A histogram as the trace holds it, which can be decoded. */
export const EncodedHistogram = z.string().superRefine((text, { addIssue }) => {
  const problem = histogramProblem(text);
  if (problem !== undefined) addIssue({ code: 'custom', message: `no histogram: ${problem}` });
});

/** What the lists and objects below hold: their transforms do not show it to what describes them, as a JSON schema does. */
export const CONTENTS = new WeakMap<z.core.$ZodType, { item: z.ZodType; key?: z.ZodType; most: number }>();

/** A list that is no longer than `most`. It is read up to its first fault: of a million of them nobody reads the second. */
export function listOf<T extends z.ZodType>(item: T, most: number) {
  const values = z.array(z.unknown()).max(most);
  CONTENTS.set(values, { item, most });
  return values.transform((values, context): z.output<T>[] => {
    const items: z.output<T>[] = [];
    for (const [index, value] of values.entries()) {
      const parsed = item.safeParse(value);
      if (!parsed.success) return failed(context, parsed.error, index);
      items.push(parsed.data);
    }
    return items;
  });
}

/** An object with a value for each name, up to its first fault, with no more of them than `most`. */
export function recordOf<K extends z.ZodType<string>, T extends z.ZodType>(key: K, item: T, most: number) {
  const values = z.record(z.string(), z.unknown());
  CONTENTS.set(values, { item, key, most });
  return values.transform((values, context): Record<string, z.output<T>> => {
    const entries = Object.entries(values);
    if (entries.length > most) {
      context.addIssue({ code: 'custom', message: `has more than ${most} entries` });
      return z.NEVER;
    }
    const items: [string, z.output<T>][] = [];
    for (const [name, value] of entries) {
      const known = key.safeParse(name);
      if (!known.success) return failed(context, known.error, name);
      const parsed = item.safeParse(value);
      if (!parsed.success) return failed(context, parsed.error, name);
      items.push([name, parsed.data]);
    }
    return Object.fromEntries(items);
  });
}

function failed(context: z.RefinementCtx, { issues }: z.ZodError, at: PropertyKey): never {
  const [first] = issues;
  context.addIssue({ code: 'custom', message: first?.message ?? 'invalid', path: [at, ...(first?.path ?? [])] });
  return z.NEVER;
}
