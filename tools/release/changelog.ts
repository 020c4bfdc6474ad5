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

/** The entries in the order of the file. */
export function changelogEntries(changelog: string): ChangelogEntry[] {
  const entries: ChangelogEntry[] = [];
  for (const line of changelog.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    const entry = entries.at(-1);
    if (heading) entries.push({ version: heading[1] ?? '', date: heading[2], text: '' });
    else if (entry) entry.text += `${line}\n`;
  }
  return entries.map((entry) => ({ ...entry, text: entry.text.trim() }));
}

/** A line for each second-level heading that is no entry's: what stands below it would belong to the entry above. */
export function strangeHeadings(changelog: string): string[] {
  return changelog.split(/\r?\n/).flatMap((line, index) => {
    if (!line.startsWith('## ') || HEADING.test(line)) return [];
    return [`CHANGELOG.md:${index + 1}: "${line}" must be "## [X.Y.Z] - YYYY-MM-DD" or "## [Unreleased]"`];
  });
}
