/** A cell of the matrix: the repeats of one runtime in one variant, on one way to the pods. */
import { DIRECT } from '../trace/trace.ts';

export interface CellIdentity {
  runtime: string;
  variant: string;
  /** The gateway on the way; absent or "direct" without one. */
  through?: string | undefined;
}

export function cellKey({ runtime, variant, through = DIRECT }: CellIdentity): string {
  return JSON.stringify([runtime, variant, through]);
}

/** The trials of each cell by its key, in input order. */
export function byCell<T extends CellIdentity>(trials: Iterable<T>): Map<string, [T, ...T[]]> {
  const cells = new Map<string, [T, ...T[]]>();
  for (const trial of trials) {
    const same = cells.get(cellKey(trial));
    if (same) same.push(trial);
    else cells.set(cellKey(trial), [trial]);
  }
  return cells;
}
