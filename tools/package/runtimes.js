/** The part of the lockfile that has the runtimes under test, for a program that is installed without them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes a package.json and a package-lock.json with the packages of packages/runtimes and nothing else: their exact versions
 * and hashes, and no addresses, so that npm takes them from the registry it is set to.
 * @param {string} project
 * @param {string} folder from the project's top
 */
export async function writeRuntimes(project, folder) {
  const { optionalDependencies } = await readJson(join(project, 'packages/runtimes/package.json'));
  const { lockfileVersion, packages } = await readJson(join(project, 'package-lock.json'));
  const root = { name: 'k8s-rollout-test-runtimes', private: true, optionalDependencies };
  const locked = Object.keys(optionalDependencies).map((name) => {
    const { resolved, ...entry } = packages[`node_modules/${name}`];
    if (!entry.integrity) throw new Error(`package-lock.json has no hash of ${name}`);
    return [`node_modules/${name}`, entry];
  });
  const lock = {
    name: root.name,
    lockfileVersion,
    requires: true,
    packages: Object.fromEntries([['', root], ...locked]),
  };
  await mkdir(join(project, folder), { recursive: true });
  await writeFile(join(project, folder, 'package.json'), text(root));
  await writeFile(join(project, folder, 'package-lock.json'), text(lock));
}

/** @param {string} file */
async function readJson(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** @param {unknown} value */
function text(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
