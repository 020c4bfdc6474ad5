/**
 * `npm run release:check -- TAG NOTES`: checks that a tag is ready for release, and writes the text of its GitHub release,
 * the entry of CHANGELOG.md, to the file NOTES. Prints each problem in a line and exits with 1 where there is one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';
import { changelogEntries } from './changelog.ts';
import { type PackageFile, releaseProblems } from './release-problems.ts';

/** Those that are published to npm. JSR gets the second one, with the same version. */
const PACKAGES = ['package.json', 'packages/serve/package.json'];

const Package = z.object({
  name: z.string(),
  version: z.string(),
  private: z.boolean().optional(),
  repository: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]).optional(),
});

const top = dirname(projectFile('package.json'));

function packageFile(file: string): PackageFile {
  return { file, ...Package.parse(JSON.parse(readFileSync(join(top, file), 'utf8'))) };
}

const [tag, notes] = process.argv.slice(2);
if (tag === undefined || notes === undefined) {
  console.error('usage: npm run release:check -- TAG NOTES');
  process.exit(2);
}
const changelog = readFileSync(join(top, 'CHANGELOG.md'), 'utf8');
const repository = process.env.GITHUB_REPOSITORY;
const problems = releaseProblems({ tag, packages: PACKAGES.map(packageFile), changelog, repository });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
writeFileSync(notes, `${changelogEntries(changelog)[0]?.text}\n`);
console.log(`${tag} is ready for release`);
