/** The units of a trace. */
import { z } from 'zod';

export const Ms = z.number().describe('milliseconds since the start of the trial');

/** Width of a success bucket, in ms. */
export const BUCKET_MS = 100;
