/** Reads JSON files of a known shape. */
import type { z } from 'zod';
import { InputError } from './errors.ts';
import { printable } from './printable.ts';
import { type RegularFileOptions, readRegularFile } from './regular-file.ts';
import { firstIssue } from './schema-issue.ts';

export interface JsonFileOptions<T extends z.ZodType> extends RegularFileOptions {
  schema: T;
  /** What it should be, for the message: "a workload". */
  what: string;
}

/**
 * The file's content; undefined where there is no such file.
 * @throws InputError, in one line, when it cannot be read, is no JSON or has another shape
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

/** The file's content. @throws InputError as readJsonFileIfThere does, and where there is no such file */
export function readJsonFile<T extends z.ZodType>(file: string, options: JsonFileOptions<T>): z.infer<T> {
  const content = readJsonFileIfThere(file, options);
  if (content === undefined) throw new InputError(`${printable(file)}: there is no such file`);
  return content;
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A syntax error quotes the text, which belongs to whoever wrote it; deep nesting exhausts the parser's stack.
    const where = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    const why = error instanceof RangeError ? 'is nested too deeply' : `is not JSON${where ? `, ${where}` : ''}`;
    throw new InputError(`${printable(file)}: ${why}`, { cause: error });
  }
}
