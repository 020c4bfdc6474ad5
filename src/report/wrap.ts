/** Wraps prose for the terminal. */

/** Prose is wrapped at this width. */
const COLUMNS = 100;

/** The text in lines of at most COLUMNS characters, each of them indented. A longer word keeps a line of its own. */
export function wrapped(text: string, indent = ''): string {
  const most = COLUMNS - indent.length;
  const lines = text.replaceAll(new RegExp(`(?![^\\n]{1,${most}}$)([^\\n]{1,${most}})\\s`, 'g'), '$1\n');
  return lines.replaceAll(/^(?=.)/gm, indent);
}
