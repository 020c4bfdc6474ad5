/** This project's packages as they are published: packed in a copy of the sources, installed without a network. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

const PROJECT = join(import.meta.dirname, '..', '..');
/** What a clone has and a package is made of, and the packages that build it. */
const SOURCES = [
  ...['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'build.js', 'README.md', 'LICENSE'],
  ...['loadtest.js', 'workload.json', 'app', 'runtimes', 'src', 'packages', 'tools', 'kubernetes', 'kustomize'],
  'docs/schemas',
];

/** The sources in a folder of their own, where nothing is built; whoever asks removes it. */
export function freshClone(): string {
  const clone = mkdtempSync(join(tmpdir(), 'clone-'));
  const built = ['packages/serve/dist', 'packages/serve/jsr', 'packages/serve/LICENSE'].map((path) =>
    join(PROJECT, path),
  );
  for (const name of SOURCES) {
    cpSync(join(PROJECT, name), join(clone, name), {
      recursive: true,
      filter: (path) => !built.some((folder) => `${path}${sep}`.startsWith(`${folder}${sep}`)),
    });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

/** Packs one of the packages with `npm run pack`'s own flags. @returns the tarball's path */
export function pack(clone: string, name: 'k8s-rollout-test' | '@k8s-rollout-test/serve'): string {
  const which = name === 'k8s-rollout-test' ? ['--workspaces=false'] : ['--workspace', name];
  execFileSync('npm', ['pack', '--ignore-scripts=false', '--pack-destination=.', ...which], {
    cwd: clone,
    stdio: 'pipe',
  });
  const start = `${name.replace('@', '').replace('/', '-')}-`;
  const file = readdirSync(clone).find(
    (entry) => entry.startsWith(start) && /^\d.*\.tgz$/.test(entry.slice(start.length)),
  );
  if (!file) throw new Error(`npm packed no ${name}`);
  return join(clone, file);
}

/** Installs a tarball as a user does, from an empty cache and without a network. */
export function installed(project: string, tarball: string): void {
  const cache = mkdtempSync(join(tmpdir(), 'npm-cache-'));
  try {
    execFileSync('npm', ['install', '--offline', '--cache', cache, tarball], { cwd: project, stdio: 'pipe' });
  } finally {
    rmSync(cache, { recursive: true });
  }
}
