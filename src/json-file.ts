/** Reads JSON files and checks them against a schema. */
import type { z } from 'zod';
import { InputError } from './errors.ts';
import { printable } from './printable.ts';
import { type RegularFileOptions, readRegularFile } from './regular-file.ts';
import { firstIssue } from './schema-issue.ts';

export interface JsonFileOptions<T extends z.ZodType> extends RegularFileOptions {
  schema: T;
  /** What the file should be, for error messages: "a workload". */
  what: string;
}

/**
 * The file's content; undefined if there is no such file.
 * @throws InputError if it cannot be read, is not JSON or does not match the schema
 */
export function readJsonFileIfThere<T extends z.ZodType>(
  file: string,
  options: JsonFileOptions<T>,
): z.infer<T> | undefined {
  const text = readRegularFile(file, options);
  if (text === undefined) return undefined;
  const parsed = options.schema.safeParse(jsonOf(text, file));
  if (parsed.success) return parsed.data;
  throw new InputError(`${printable(file)}: not ${options.what}: ${printable(firstIssue(parsed.error))}`);
}

/** The file's content. @throws InputError as readJsonFileIfThere does, and if there is no such file */
export function readJsonFile<T extends z.ZodType>(file: string, options: JsonFileOptions<T>): z.infer<T> {
  const content = readJsonFileIfThere(file, options);
  if (content === undefined) throw new InputError(`${printable(file)}: there is no such file`);
  return content;
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of a syntax error quotes the file, so only the position is used. A RangeError: deep nesting
    // overflowed the stack.
    const where = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    const why = error instanceof RangeError ? 'is nested too deeply' : `is not JSON${where ? `, ${where}` : ''}`;
    throw new InputError(`${printable(file)}: ${why}`, { cause: error });
  }
}
