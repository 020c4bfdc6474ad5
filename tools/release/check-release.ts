/**
 * `npm run release:check -- TAG NOTES`: checks that a tag is ready for release, and writes the text of its GitHub release,
 * the entry of CHANGELOG.md, to the file NOTES. Prints each problem in a line and exits with 1 where there is one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';
import { changelogEntries } from './changelog.ts';
import { type PackageFile, releaseProblems } from './release-problems.ts';

/** The packages with the program's version. */
const NPM = ['package.json', 'packages/serve/package.json'];
/** JSR reads either. */
const JSR = ['packages/serve/jsr.json', 'packages/serve/deno.json'];

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
const jsr = JSR.filter((file) => existsSync(join(top, file)));
if (jsr.length === 0) throw new Error(`there is neither ${JSR.join(' nor ')}`);
const problems = releaseProblems({
  tag,
  npm: NPM.map(packageFile),
  jsr: jsr.map(packageFile),
  changelog,
  repository: process.env.GITHUB_REPOSITORY,
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
writeFileSync(notes, `${changelogEntries(changelog)[0]?.text}\n`);
console.log(`${tag} is ready for release`);
