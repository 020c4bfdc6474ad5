/** Reads JSON files of a known shape. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { InputError } from './errors.ts';
import { firstIssue } from './schema-issue.ts';

/**
 * The file's content.
 * @param what what it should be, for the message: "a workload"
 * @throws InputError, in one line, when it cannot be read, is no JSON or has another shape
 */
export function readJsonFile<T extends z.ZodType>(file: string, schema: T, what: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A syntax error quotes the text, line ends included.
    const why = (error as Error).message.replaceAll(/\s*\n\s*/g, ' ');
    throw new InputError(`${file}: cannot be read: ${why}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new InputError(`${file}: not ${what}: ${firstIssue(parsed.error)}`);
  return parsed.data;
}
