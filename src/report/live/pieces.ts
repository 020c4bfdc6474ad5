/** Lines made of texts of one style each, so that their width is known whatever their colour. */
import type picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Text of one style. Every character is one column wide. */
export interface Piece {
  text: string;
  paint?: (text: string) => string;
}

/** The line as text, cut to the columns that there are. */
export function cut(pieces: readonly Piece[], columns: number): string {
  let left = columns;
  return pieces
    .map(({ text, paint = (plain) => plain }) => {
      const visible = text.slice(0, Math.max(0, left));
      left -= text.length;
      return visible === '' ? '' : paint(visible);
    })
    .join('');
}
