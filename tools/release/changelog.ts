/** CHANGELOG.md in the form of Keep a Changelog: a heading `## [1.2.3] - 2026-01-31` for each version, the newest first. */

export interface ChangelogEntry {
  /** "1.2.3", or "Unreleased". */
  version: string;
  /** "2026-01-31"; undefined where the heading has none. */
  date: string | undefined;
  /** What stands below the heading, without empty lines around it. */
  text: string;
}

const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?[ \t]*$/;

/** The entries in the order of the file. Every second-level heading must be one. @throws Error naming the line that is not */
export function changelogEntries(changelog: string): ChangelogEntry[] {
  const entries: ChangelogEntry[] = [];
  for (const [index, line] of changelog.split(/\r?\n/).entries()) {
    const heading = HEADING.exec(line);
    if (heading) entries.push({ version: heading[1] ?? '', date: heading[2], text: '' });
    else if (line.startsWith('## ')) {
      throw new Error(`CHANGELOG.md:${index + 1}: "${line}" must be "## [X.Y.Z] - YYYY-MM-DD" or "## [Unreleased]"`);
    } else {
      const entry = entries.at(-1);
      if (entry) entry.text += `${line}\n`;
    }
  }
  return entries.map((entry) => ({ ...entry, text: entry.text.trim() }));
}
