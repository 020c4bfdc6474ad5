/** A cell of the matrix: the repeats of one runtime in one variant. */

export interface CellIdentity {
  runtime: string;
  variant: string;
}

export function cellKey({ runtime, variant }: CellIdentity): string {
  return JSON.stringify([runtime, variant]);
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
