/** What a folder holds already, so that no run writes over another one or over files that are not this program's. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PAGE_FILE, RESULT_FILE, traceFiles } from './folder-layout.ts';
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

/** A folder that is not there holds nothing. Throws what the file system does when it cannot be read. */
export function heldIn(dir: string): Held {
  const [result, page] = [join(dir, RESULT_FILE), join(dir, PAGE_FILE)].map((path) =>
    existsSync(path) ? path : undefined,
  );
  const foreignFile =
    result && !begins(result, BEGINNINGS.result) ? result : page && !begins(page, BEGINNINGS.page) ? page : undefined;
  const traces = traceFiles(dir).filter((file) => begins(file, BEGINNINGS.trace));
  const ownFiles = [result, page, ...traces].filter((path) => path !== undefined && path !== foreignFile) as string[];
  if (foreignFile !== undefined) return { ownFiles, foreignFile };
  const run = runIn(result, traces);
  return { ownFiles, ...(run === undefined ? {} : { run }) };
}

/** A run that was ended by force left its traces alone. A result without trials, and no trace, is worth nothing. */
function runIn(result: string | undefined, traces: readonly string[]): string | undefined {
  const [trace] = traces;
  if (result === undefined) return trace && `an interrupted run from ${dateOf(trace)}`;
  const { run, trials } = parsed(result) ?? {};
  if (trials?.length === 0 && trace === undefined) return undefined;
  return `${run ? KINDS[run.kind] : 'a run'} from ${dateOf(result)}`;
}

/** Undefined for a file that was cut short: there is something, and nobody knows what. */
function parsed(file: string): z.infer<typeof AnyResult> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return AnyResult.safeParse(value).data;
}

function begins(file: string, beginning: RegExp): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(BEGINNING_BYTES);
    return beginning.test(buffer.toString('utf8', 0, readSync(descriptor, buffer)));
  } finally {
    closeSync(descriptor);
  }
}

/** "2026-11-24 10:02 UTC" */
function dateOf(file: string): string {
  return `${statSync(file).mtime.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
