/** What a folder holds already, so that no run writes over another one or over files that are not this program's. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { readJsonFileIfThere } from '../json-file.ts';
import { isLeftBeside, readBeginning } from '../regular-file.ts';
import { fileNames, MAX_RESULT_BYTES, PAGE_FILE, RESULT_FILE, TRACES, traceFiles } from './folder-layout.ts';
import { RunIdentity, type RunKind } from './result-file.ts';

export interface Held {
  /** The run that is there, in words: "a comparison from 2026-11-24 10:02 UTC"; absent where there is none. */
  run?: string;
  /** What this program has written there, as paths. */
  ownFiles: string[];
  /** A file that is not this program's, where this program would write its own. */
  foreignFile?: string;
}

/** How each file of this program begins; a file that was cut short still does. */
const BEGINNINGS = {
  result: /^\s*\{\s*"format":\s*"k8s-rollout-test\/result\//,
  trace: /^\s*\{\s*"format":\s*"k8s-rollout-test\/trace\//,
  page: /^<!doctype html>[\s\S]*<meta name="generator" content="k8s-rollout-test">/,
};
/** Enough for each of them. */
const BEGINNING_BYTES = 2048;

const KINDS: Record<RunKind, string> = {
  comparison: 'a comparison',
  'own-service': 'a run',
  'find-fix': 'a search for a fix',
};

/** As much of a `result.json` as is needed here, whatever version wrote it. */
const AnyResult = z.object({ run: RunIdentity.pick({ kind: true }).optional(), trials: z.array(z.unknown()) });

/**
 * A folder that is not there holds nothing.
 * @throws InputError for a link, a device or a pipe in the place of a file
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

/** What a killed run was writing. */
function halfWritten(dir: string): string[] {
  return [dir, join(dir, TRACES)]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      fileNames(folder)
        .filter(isLeftBeside)
        .map((name) => join(folder, name)),
    );
}

/** A run that was ended by force left its traces alone. A result without trials, and no trace, is worth nothing. */
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

/** Undefined for a file that was cut short: there is something, and nobody knows what. */
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
