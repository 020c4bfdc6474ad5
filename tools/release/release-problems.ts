/** What keeps a tag from being released, as pure rules. */
import { changelogEntries, strangeHeadings } from './changelog.ts';

export interface PackageFile {
  /** Its path, for the message. */
  file: string;
  name: string;
  version: string;
  private?: boolean | undefined;
  /** The address in its field `repository`. */
  repository?: string | undefined;
}

export interface Release {
  /** The tag that was pushed: "v1.2.3". */
  tag: string;
  packages: readonly PackageFile[];
  /** The text of CHANGELOG.md. */
  changelog: string;
  /** GitHub's "owner/name" of the repository that publishes; undefined outside GitHub. */
  repository: string | undefined;
}

/** Of semver.org: no leading zeros, and a pre-release after a hyphen. */
const TAG = /^v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)$/;

/** The version that a tag names; undefined for a tag of another form. */
export function versionOf(tag: string): string | undefined {
  return TAG.exec(tag)?.[1];
}

/** One line for each; empty when the tag can be released. */
export function releaseProblems({ tag, packages, changelog, repository }: Release): string[] {
  const version = versionOf(tag);
  if (version === undefined) return [`the tag "${tag}" must be a version with a v in front, as in v1.2.3`];
  return [
    ...packages.flatMap((one) => [...versionProblems(one, version, tag), ...publishProblems(one, repository)]),
    ...changelogProblems(changelog, version),
  ];
}

function versionProblems({ file, version }: PackageFile, expected: string, tag: string): string[] {
  return version === expected ? [] : [`${file} has version ${version}, but the tag is ${tag}`];
}

/** npm refuses a provenance whose repository is not that of the package. */
function publishProblems({ file, private: isPrivate, repository: ownUrl }: PackageFile, repository?: string): string[] {
  const problems: string[] = [];
  if (isPrivate) problems.push(`${file} is private: remove that field`);
  if (repository === undefined) return problems;
  const url = `github.com/${repository}`;
  const path = ownUrl?.replace(/^(git\+)?https:\/\//, '').replace(/\.git$/, '');
  if (path?.toLowerCase() !== url.toLowerCase()) {
    const now = ownUrl === undefined ? 'has no repository' : `has the repository ${ownUrl}`;
    problems.push(`${file} ${now}: set repository.url to git+https://${url}.git`);
  }
  return problems;
}

function changelogProblems(changelog: string, version: string): string[] {
  const strange = strangeHeadings(changelog);
  if (strange.length > 0) return strange;
  const [top] = changelogEntries(changelog);
  if (top === undefined) return ['CHANGELOG.md has no entry'];
  if (top.version !== version) return [`CHANGELOG.md begins with [${top.version}]: begin with [${version}]`];
  if (top.date === undefined) return [`CHANGELOG.md: [${version}] has no date: write "## [${version}] - YYYY-MM-DD"`];
  return top.text === '' ? [`CHANGELOG.md: [${version}] says nothing`] : [];
}
