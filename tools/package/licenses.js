/** The licences of the packages that are bundled: most of them ask for their text to be passed on with their code. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const LICENSE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/**
 * Writes the file: each package with its version and licence, then each text once, with the packages that it is from.
 * @param {string} project
 * @param {string} file from the project's top
 * @param {readonly import('esbuild').BuildResult[]} builds with their metafiles
 * @throws Error for a package whose licence is not known
 */
export async function thirdPartyLicenses(project, file, builds) {
  const packages = await Promise.all(bundledFolders(builds).map((folder) => describe(project, folder)));
  packages.sort((a, b) => a.title.localeCompare(b.title, 'en'));
  /** @type {Map<string, string[]>} */
  const titlesOf = new Map();
  for (const { title, texts } of packages) {
    for (const text of texts) titlesOf.set(text, [...new Set([...(titlesOf.get(text) ?? []), title])]);
  }
  const list = packages.map(({ title, license }) => `${title}: ${license}`);
  const sections = [...titlesOf].map(([text, titles]) => `${'-'.repeat(80)}\n${titles.join(', ')}\n\n${text}\n`);
  const head = 'This package contains code of the following packages.';
  await writeFile(join(project, file), `${head}\n\n${[...new Set(list)].join('\n')}\n\n${sections.join('\n')}`);
}

/**
 * The folders of packages that code in the bundles is from.
 * @param {readonly import('esbuild').BuildResult[]} builds
 */
function bundledFolders(builds) {
  const inputs = builds.flatMap(({ metafile }) =>
    Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
    ),
  );
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)];
}

/**
 * @param {string} project
 * @param {string} folder of a package
 */
async function describe(project, folder) {
  const path = join(project, folder);
  const { name, version, license, author, repository } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const title = `${name} ${version}`;
  if (typeof license !== 'string') throw new Error(`${relative('.', path)}: its package.json names no licence`);
  const files = (await readdir(path)).filter((entry) => LICENSE_FILE.test(entry)).sort();
  const texts = await Promise.all(files.map(async (entry) => (await readFile(join(path, entry), 'utf8')).trim()));
  if (texts.length > 0) return { title, license, texts };
  const source = `author ${author?.name ?? author}, repository ${repository?.url ?? repository}`;
  return {
    title,
    license,
    texts: [`The package has no licence file. Its package.json says: licence ${license}, ${source}`],
  };
}
