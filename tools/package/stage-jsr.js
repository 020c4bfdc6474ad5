/**
 * Puts the sources of packages/serve together as JSR takes them: TypeScript as it is here, in the same folders.
 *
 *   node tools/package/stage-jsr.js && cd packages/serve/jsr && deno publish --dry-run
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

const PROJECT = dirname(dirname(import.meta.dirname));
const PACKAGE = join(PROJECT, 'packages/serve');
const STAGE = join(PACKAGE, 'jsr');

const jsr = await readJson(join(PACKAGE, 'jsr.json'));
const { version } = await readJson(join(PACKAGE, 'package.json'));
const { devDependencies } = await readJson(join(PROJECT, 'package.json'));

/** Deno has its own types and Node's, but not these. */
const TYPES = { 'runtimes/bun/serve.ts': `/// <reference types="npm:bun-types@${devDependencies['bun-types']}" />\n` };

/** Git ignores this folder, and JSR leaves out what Git ignores. */
const PUBLISH = { exclude: ['!.'] };

await rm(STAGE, { recursive: true, force: true });
for (const file of await sources(Object.values(jsr.exports))) {
  await mkdir(dirname(join(STAGE, file)), { recursive: true });
  await writeFile(join(STAGE, file), (TYPES[file] ?? '') + (await readFile(join(PROJECT, file), 'utf8')));
}
const packages = ['@hono/node-server'].map((name) => [name, `npm:${name}@${devDependencies[name]}`]);
const imports = Object.fromEntries(packages);
await writeFile(
  join(STAGE, 'jsr.json'),
  `${JSON.stringify({ ...jsr, version, imports, publish: PUBLISH }, null, 2)}\n`,
);
await cp(join(PACKAGE, 'README.md'), join(STAGE, 'README.md'));
await cp(join(PROJECT, 'LICENSE'), join(STAGE, 'LICENSE'));

/**
 * These files and those that they import, types too, from the project's top.
 * @param {string[]} files
 * @param {Set<string>} found
 */
async function sources(files, found = new Set()) {
  for (const file of files.map((path) => normalize(path)).filter((path) => !found.has(path))) {
    found.add(file);
    const text = await readFile(join(PROJECT, file), 'utf8');
    const imported = [...text.matchAll(/ from '(\.[^']+)';$/gm)].map(([, path]) => join(dirname(file), path));
    await sources(imported, found);
  }
  return found;
}

/** @param {string} file */
async function readJson(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}
