/** The cells of the matrix. A cell adds up the repeats of one runtime in one variant on one way. */
import { upperBound } from '../analysis/bounds.ts';
import { CAUSES, type CauseId } from '../analysis/causes.ts';
import { byCell, cellKey } from '../analysis/cells.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest } from '../extremes.ts';
import { DIRECT } from '../trace/trace.ts';
import type { RowIdentity } from './names.ts';

/** What a column of the matrix is about: a runtime, or the user's own server. */
export type Column = Pick<TrialResult, 'runtime' | 'runtimeVersion' | 'server'>;

export interface Cell extends Column {
  variant: string;
  through: string;
  repeats: number;
  /** Number of invalid trials. */
  invalid: number;
  failed: number;
  exposed: number;
  podsReplaced: number;
  /** Only causes that broke requests, the most common first. */
  causes: { id: CauseId; name: string; failed: number }[];
  failedUpperBound: number;
  longestOutageMs: number;
  hiddenRetries: number;
  /** Failures that a gateway hid from the client. */
  hiddenByGateway: number;
}

/** The order in which variants are shown. Others follow in input order. */
const ORDER = [
  'broken',
  'without-replicas',
  'without-graceful-shutdown',
  'without-grace-period',
  'without-pre-stop',
  'valid',
  'control',
  'pauses',
];
const RUNTIME_ORDER = ['node', 'bun', 'deno'];

/** A row of the matrix: a variant on one way to the pods. */
export interface Row extends RowIdentity {
  variant: string;
  through: string;
  cells: (Cell | undefined)[];
}

/** One row per variant and way, one cell per runtime. A cell is undefined if there is no trial for it. */
export function matrix(trials: readonly TrialResult[]): {
  columns: Column[];
  rows: Row[];
} {
  const byRuntime = new Map(
    trials.map(({ runtime, runtimeVersion, server }) => [runtime, { runtime, runtimeVersion, server }]),
  );
  const columns = inColumnOrder(byRuntime.keys()).flatMap((runtime) => byRuntime.get(runtime) ?? []);
  const cells = byCell(trials);
  return {
    columns,
    rows: rowsOf(trials).map((row) => ({
      ...row,
      cells: columns.map(({ runtime }) => cell(cells.get(cellKey({ runtime, ...row })) ?? [])),
    })),
  };
}

/** The rows for these trials, each once, in order: by variant, and within it the direct way first. */
export function rowsOf(trials: readonly RowIdentity[]): { variant: string; through: string }[] {
  const ways = inOrder(
    trials.map(({ through = DIRECT }) => through),
    [DIRECT],
  );
  return inRowOrder(trials.map(({ variant }) => variant)).flatMap((variant) =>
    ways
      .filter((way) => trials.some(({ variant: of, through = DIRECT }) => of === variant && through === way))
      .map((through) => ({ variant, through })),
  );
}

/** Runtimes, each once, in the order of the columns. */
export function inColumnOrder(runtimes: Iterable<string>): string[] {
  return inOrder(runtimes, RUNTIME_ORDER);
}

/** Variants, each once, in the order of the rows. */
export function inRowOrder(variants: Iterable<string>): string[] {
  return inOrder(variants, ORDER);
}

function inOrder(names: Iterable<string>, order: readonly string[]): string[] {
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...new Set(names)].sort((a, b) => place(a) - place(b));
}

function cell(trials: readonly TrialResult[]): Cell | undefined {
  const first = trials[0];
  if (!first) return undefined;
  const sum = (value: (trial: TrialResult) => number) => trials.reduce((total, trial) => total + value(trial), 0);
  const failed = sum((trial) => trial.failed);
  const exposed = sum((trial) => trial.exposed);
  return {
    runtime: first.runtime,
    runtimeVersion: first.runtimeVersion,
    server: first.server,
    variant: first.variant,
    through: first.through,
    repeats: trials.length,
    invalid: trials.filter((trial) => !trial.valid).length,
    failed,
    exposed,
    podsReplaced: sum((trial) => trial.podsReplaced),
    causes: CAUSES.map(({ id, name }) => ({ id, name, failed: sum((trial) => trial.causes[id]) }))
      .filter((cause) => cause.failed > 0)
      .sort((a, b) => b.failed - a.failed),
    failedUpperBound: upperBound(failed, exposed),
    longestOutageMs: largest(trials.map((trial) => trial.longestOutageMs)),
    hiddenRetries: sum((trial) => trial.hiddenRetries ?? 0),
    hiddenByGateway: sum(({ hiddenByGateway = [] }) =>
      hiddenByGateway.reduce((all, { requests }) => all + requests, 0),
    ),
  };
}
