/** What a folder already holds, so that a run never overwrites another run or files that this program did not write. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { readJsonFileIfThere } from '../json-file.ts';
import { isTemporaryName, readBeginning } from '../regular-file.ts';
import { fileNames, MAX_RESULT_BYTES, PAGE_FILE, RESULT_FILE, TRACES, traceFiles } from './folder-layout.ts';
import { RunIdentity, type RunKind } from './result-file.ts';

export interface Held {
  /** The run in the folder, in words: "a comparison from 2026-11-24 10:02 UTC". Absent if there is none. */
  run?: string;
  /** Paths of the files that this program wrote there. */
  ownFiles: string[];
  /** A file that this program did not write, at a path that it would write to. */
  foreignFile?: string;
}

/** How each file of this program begins. A truncated file still begins like that. */
const BEGINNINGS = {
  result: /^\s*\{\s*"format":\s*"k8s-rollout-test\/result\//,
  trace: /^\s*\{\s*"format":\s*"k8s-rollout-test\/trace\//,
  page: /^<!doctype html>[\s\S]*<meta name="generator" content="k8s-rollout-test">/,
};
/** How much of a file is read to recognise it, in bytes. */
const BEGINNING_BYTES = 2048;

const KINDS: Record<RunKind, string> = {
  comparison: 'a comparison',
  'own-service': 'a run',
  'find-fix': 'a search for a fix',
};

/** The fields of `result.json` that are needed here, from any version of this program. */
const AnyResult = z.object({ run: RunIdentity.pick({ kind: true }).optional(), trials: z.array(z.unknown()) });

/**
 * Looks at what a folder holds. A folder that does not exist holds nothing.
 * @throws InputError for a link, a device or a pipe where a file should be
 */
export function heldIn(dir: string): Held {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) return { ownFiles: [] };
  const beginnings = [
    { file: join(dir, RESULT_FILE), ours: BEGINNINGS.result },
    { file: join(dir, PAGE_FILE), ours: BEGINNINGS.page },
  ].flatMap(({ file, ours }) => {
    const text = readBeginning(file, BEGINNING_BYTES);
    return text === undefined ? [] : [{ file, isOurs: ours.test(text) }];
  });
  const foreignFile = beginnings.find(({ isOurs }) => !isOurs)?.file;
  const traces = traceFiles(dir).filter((file) => BEGINNINGS.trace.test(readBeginning(file, BEGINNING_BYTES) ?? ''));
  const written = beginnings.flatMap(({ file, isOurs }) => (isOurs ? [file] : []));
  const ownFiles = [...written, ...traces, ...halfWritten(dir)];
  if (foreignFile !== undefined) return { ownFiles, foreignFile };
  const run = runIn(dir, written.includes(join(dir, RESULT_FILE)), traces);
  return { ownFiles, ...(run === undefined ? {} : { run }) };
}

/** Files that a killed run had not finished writing. */
function halfWritten(dir: string): string[] {
  return [dir, join(dir, TRACES)]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      fileNames(folder)
        .filter(isTemporaryName)
        .map((name) => join(folder, name)),
    );
}

/** A run that was killed leaves only traces. A result without trials and without traces counts as nothing. */
function runIn(dir: string, hasResult: boolean, traces: readonly string[]): string | undefined {
  const [trace] = traces;
  if (!hasResult) {
    return trace && `an interrupted run from ${dateOf(trace)}; "compare ${dir}" shows what it had measured`;
  }
  const result = join(dir, RESULT_FILE);
  const { run, trials } = parsed(result) ?? {};
  if (trials?.length === 0 && trace === undefined) return undefined;
  return `${run ? KINDS[run.kind] : 'a run'} from ${dateOf(result)}`;
}

/** Undefined for a truncated file: there is a result, but its contents are unknown. */
function parsed(file: string): z.infer<typeof AnyResult> | undefined {
  try {
    return readJsonFileIfThere(file, { schema: AnyResult, what: 'a result', maxBytes: MAX_RESULT_BYTES });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** "2026-11-24 10:02 UTC" */
function dateOf(file: string): string {
  return `${statSync(file).mtime.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
