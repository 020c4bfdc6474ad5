/**
 * The units of a trace and of a result. Each is limited to what a run can produce, because a folder may come from
 * anywhere. A reader must neither run out of memory nor count beyond the range in which numbers are exact.
 */
import * as z from 'zod';
import { histogramProblem } from './histogram.ts';

/** Width of a success bucket, in ms. */
export const BUCKET_MS = 100;

/** The limit for times, in ms: three centuries. No clock and no setting of Kubernetes is further from the trial. */
const MAX_TIME_MS = 1e13;
/** The trials of the largest run, 1,000 repeats of 7 variants on 3 runtimes, and some more. */
export const MAX_TRIALS = 25_000;
/**
 * Counts up to this limit can be added up over all trials. It allows 20,000 requests per second for more than a year.
 */
const MAX_COUNT = 1e11;
/** Per bucket of 100 ms: 25 times the highest rate, for clients that catch up. */
const MAX_PER_BUCKET = 50_000;
/** No manifest has longer texts, because the API server accepts about 1 MB. */
const MAX_TEXT = 1 << 20;
const MAX_NAME = 60;
const MAX_VERSION = 100;
/** For a reason, which is a sentence that this program writes. */
const MAX_SENTENCE = 1000;

export const Ms = z.number().min(-MAX_TIME_MS).max(MAX_TIME_MS).describe('milliseconds since the start of the trial');
/** ms since 1970, by any clock. */
export const EpochMs = z.number().min(0).max(MAX_TIME_MS);
/** A duration in ms. */
export const DurationMs = z
  .number()
  .min(-2 * MAX_TIME_MS)
  .max(2 * MAX_TIME_MS);
/** A time or a duration in seconds. */
export const Seconds = z
  .number()
  .min(-MAX_TIME_MS / 500)
  .max(MAX_TIME_MS / 500);
/** A duration in a manifest: Kubernetes accepts any 64-bit number of seconds. */
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
/** A number of repeats, restarts, replicas and similar. */
export const SmallCount = z
  .int()
  .min(0)
  .max(2 ** 31);
/** An HTTP status or an exit code. */
export const Code = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 32);

/** Text that this program does not write: a message, a command, a server's name. */
export const Text = z.string().max(MAX_TEXT);
export const Version = z.string().max(MAX_VERSION);
export const Sentence = z.string().max(MAX_SENTENCE);
/** The name of a runtime, a variant or a scenario. It becomes part of file names and of ids within a page. */
export const Name = z
  .string()
  .max(MAX_NAME)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'must consist of letters, digits, "-", "_", "." and "+"');

/** An encoded histogram that can be decoded. */
export const EncodedHistogram = z.string().superRefine((text, { addIssue }) => {
  const problem = histogramProblem(text);
  if (problem !== undefined) addIssue({ code: 'custom', message: `not a histogram: it ${problem}` });
});

/** The item schema of the lists and objects below. Their transforms hide it from a converter to JSON Schema. */
export const CONTENTS = new WeakMap<z.core.$ZodType, { item: z.ZodType; key?: z.ZodType; most: number }>();

/**
 * A list of at most `most` items. Validation stops at the first invalid item, because nobody reads a million errors.
 */
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

/**
 * An object of at most `most` entries, with any names that `key` accepts. Validation stops at the first invalid entry.
 */
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
