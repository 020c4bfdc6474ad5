/** Untrusted folders, passed to the program as results: one line and exit code 2, and nothing written elsewhere. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { difference } from '../src/analysis/difference.ts';
import { InputError } from '../src/errors.ts';
import { renderDifference } from '../src/report/difference.ts';
import { readRun } from '../src/results/read-run.ts';
import { held } from './program.ts';
import { emptyFolder, goodRun, goodSummary, savedFolder } from './saved-run.ts';

const GIB = 2 ** 30;

const good = goodRun();
const [trial] = good.result.trials;

/** What replaces a file. */
const FILE_KINDS: Record<string, (path: string) => void> = {
  'a fifo': (path) => execFileSync('mkfifo', [path]),
  'a folder': (path) => mkdirSync(path),
  'a link to /dev/zero': (path) => symlinkSync('/dev/zero', path),
  'a link to a file elsewhere': (path) => symlinkSync('/etc/passwd', path),
  'a link to itself': (path) => symlinkSync(path, path),
  'a sparse file of 8 GiB': (path) => {
    writeFileSync(path, '{');
    truncateSync(path, 8 * GIB);
  },
  'an empty file': (path) => writeFileSync(path, ''),
  'a file of zeros': (path) => writeFileSync(path, Buffer.alloc(1 << 20)),
  'UTF-16': (path) => writeFileSync(path, `\ufeff${JSON.stringify(good.result)}`, 'utf16le'),
  'a file that is cut short': (path) => writeFileSync(path, JSON.stringify(good.result).slice(0, 500)),
  'a list that is a million deep': (path) => writeFileSync(path, '['.repeat(1e6) + ']'.repeat(1e6)),
  'a list of a million wrong items': (path) =>
    writeFileSync(path, JSON.stringify({ ...good.result, trials: Array(1e6).fill('x') })),
  'lines in a row': (path) => writeFileSync(path, `${JSON.stringify(good.result)}\n`.repeat(2)),
};

/** Used as result.json, or as a trace while the other file is valid. */
const CONTENTS: Record<string, (dir: string) => void> = {
  '100,000 trials': (dir) =>
    write(dir, 'result.json', {
      ...good.result,
      trials: Array.from({ length: 1e5 }, (_, repeat) => ({ ...trial, repeat })),
    }),
  'one trial twice': (dir) => write(dir, 'result.json', { ...good.result, trials: [trial, trial] }),
  'a name that leads out': (dir) =>
    write(dir, 'result.json', { ...good.result, trials: [{ ...trial, variant: 'own+../../../x' }] }),
  '10,000 variants': (dir) => {
    rmSync(join(dir, 'traces'), { recursive: true });
    const trials = Array.from({ length: 1e4 }, (_, index) => ({
      ...trial,
      runtime: `r${index}`,
      variant: `v${index}`,
    }));
    write(dir, 'result.json', { ...good.result, trials });
  },
  'the format of a later version': (dir) =>
    write(dir, 'result.json', { ...good.result, format: 'k8s-rollout-test/result/9' }),
  'a second trace of a trial': (dir) => write(dir, 'traces/rollout-2.json', good.rollout),
  'traces that are a link': (dir) => {
    const elsewhere = `${dir}-elsewhere`;
    renameSync(join(dir, 'traces'), elsewhere);
    symlinkSync(elsewhere, join(dir, 'traces'));
  },
  'traces that are a fifo': (dir) => {
    rmSync(join(dir, 'traces'), { recursive: true });
    execFileSync('mkfifo', [join(dir, 'traces')]);
  },
  'a trace in the name of which lines end': (dir) =>
    symlinkSync('/dev/zero', join(dir, 'traces', 'a\n\u001b[31mb.json')),
  'more failures than pods can explain': (dir) =>
    write(dir, 'traces/rollout-1.json', {
      ...good.rollout,
      cluster: { ...good.rollout.cluster, pods: Array(5000).fill({ ...good.rollout.cluster.pods[0], containers: [] }) },
      load: { ...good.rollout.load, failures: Array(50_000).fill(good.rollout.load.failures[0]) },
    }),
  'a k6 summary that is a link': (dir) => symlinkSync('/dev/zero', join(dir, 'k6-x.json')),
  'a k6 summary of 10 MB': (dir) => write(dir, 'k6-x.json', { ...goodSummary(), note: 'x'.repeat(1e7) }),
  'a k6 summary that counts backwards': (dir) => write(dir, 'k6-x.json', { ...goodSummary(), requests: -1 }),
};

/** Large but valid: read in time. */
const LARGE: Record<string, (dir: string) => void> = {
  '5,000 trials': (dir) => {
    rmSync(join(dir, 'traces'), { recursive: true });
    const trials = Array.from({ length: 5e3 }, (_, repeat) => ({ ...trial, repeat, failed: repeat % 7, exposed: 100 }));
    write(dir, 'result.json', { ...good.result, trials });
  },
  '30,000 failed requests': (dir) => {
    const failures = Array.from({ length: 30_000 }, (_, index) => ({
      ...good.rollout.load.failures[0],
      id: `r${index}`,
    }));
    write(dir, 'traces/rollout-1.json', { ...good.rollout, load: { ...good.rollout.load, failures } });
  },
  '100,000 counts of answers': (dir) => {
    const successes = Array.from({ length: 1e5 }, (_, index) => ({
      scenario: 'fresh',
      pod: `p${index}`,
      bucket: index,
      count: 50_000,
    }));
    write(dir, 'traces/rollout-1.json', { ...good.rollout, load: { ...good.rollout.load, successes } });
  },
  '1,000 pods that many routers know': (dir) => {
    const pods = Array.from({ length: 1000 }, (_, index) => ({
      ...good.rollout.cluster.pods[index % 2],
      uid: `u${index}`,
      name: `p-${index}`,
    }));
    const routerViews = Array.from({ length: 300 }, (_, index) => ({
      router: `n${index % 30}`,
      atMs: index,
      pods: pods.map(({ uid }) => uid),
    }));
    write(dir, 'traces/rollout-1.json', { ...good.rollout, cluster: { ...good.rollout.cluster, pods, routerViews } });
  },
};

/** What the user names as the folder. */
const FOLDERS: Record<string, (dir: string) => string> = {
  'no name': () => '',
  '/dev/zero': () => '/dev/zero',
  'a fifo': (dir) => {
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    return join(dir, 'fifo');
  },
  '/proc/self': () => '/proc/self',
};

function write(dir: string, name: string, content: unknown): void {
  writeFileSync(join(dir, name), JSON.stringify(content));
}

/**
 * Tested through the program, which takes a third of a second to start. The reader alone is tested with all of them.
 */
const THROUGH_PROGRAM = [
  'a fifo',
  'a link to /dev/zero',
  'a sparse file of 8 GiB',
  'a list of a million wrong items',
  '100,000 trials',
  'traces that are a link',
  'a trace in the name of which lines end',
  'more failures than pods can explain',
];

function assertRefused(dir: string): void {
  assert.throws(
    () => readRun(dir),
    (error) => error instanceof InputError && error.message.startsWith(dir) && error.message.length < 500,
  );
}

describe('a folder of results', { concurrency: 2 }, () => {
  for (const [what, make] of Object.entries(FILE_KINDS)) {
    for (const file of ['result.json', 'traces/rollout-1.json', 'k6-x.json']) {
      it(`whose ${file} is ${what}`, (t) => {
        const dir = savedFolder(t);
        rmSync(join(dir, file), { force: true });
        make(join(dir, file));
        assertRefused(dir);
      });
    }
    if (!THROUGH_PROGRAM.includes(what)) continue;
    it(`whose result.json is ${what}, through the program`, async (t) => {
      const dir = savedFolder(t);
      rmSync(join(dir, 'result.json'));
      make(join(dir, 'result.json'));
      const { stderr } = await held(t, ['compare', dir], { codes: [2] });
      assert.match(stderr, /result\.json: /);
    });
  }
  for (const [what, spoil] of Object.entries(CONTENTS)) {
    it(`with ${what}`, async (t) => {
      const dir = savedFolder(t);
      t.after(() => rmSync(`${dir}-elsewhere`, { recursive: true, force: true }));
      spoil(dir);
      if (THROUGH_PROGRAM.includes(what)) await held(t, ['compare', savedFolder(t), dir], { codes: [2] });
      else assertRefused(dir);
    });
  }
  for (const [what, enlarge] of Object.entries(LARGE)) {
    it(`with ${what}`, async (t) => {
      const dir = savedFolder(t);
      enlarge(dir);
      await held(t, ['report', dir], { codes: [0] });
      const [before, { trials }] = [readRun(savedFolder(t)).trials, readRun(dir)];
      renderDifference(difference(before, trials), { name: 'a', trials: before }, { name: 'b', trials });
    });
  }
  for (const [what, name] of Object.entries(FOLDERS)) {
    it(`that is ${what}`, async (t) => void (await held(t, ['compare', name(emptyFolder(t))], { codes: [2] })));
  }
  it('that is a socket', async (t) => {
    const path = join(emptyFolder(t), 'socket');
    const server = createServer().listen(path);
    t.after(() => server.close());
    await held(t, ['compare', path], { codes: [2] });
  });
  it("that is a link to one is the user's own word", async (t) => {
    const link = join(emptyFolder(t), 'link');
    symlinkSync(savedFolder(t), link);
    await held(t, ['report', link], { codes: [0] });
  });
});

describe('report, where its own files go', { concurrency: 2 }, () => {
  for (const name of ['report.html', 'result.json']) {
    it(`writes through no link in the place of ${name}`, async (t) => {
      const [dir, elsewhere] = [savedFolder(t), join(emptyFolder(t), 'elsewhere')];
      writeFileSync(elsewhere, JSON.stringify(good.result));
      const before = readFileSync(elsewhere, 'utf8');
      rmSync(join(dir, name), { force: true });
      symlinkSync(elsewhere, join(dir, name));
      await held(t, ['report', dir], { codes: [2] });
      assert.equal(readFileSync(elsewhere, 'utf8'), before);
      assert.ok(lstatSync(join(dir, name)).isSymbolicLink());
    });
  }
  for (const [what, make] of Object.entries({
    'a fifo': FILE_KINDS['a fifo'],
    'a folder': FILE_KINDS['a folder'],
    'a dangling link': (path: string) => symlinkSync('/no-such-folder/x', path),
    'a page of another program': (path: string) => writeFileSync(path, '<!doctype html><title>mine</title>'),
  })) {
    it(`leaves ${what} alone`, async (t) => {
      const dir = savedFolder(t);
      make?.(join(dir, 'report.html'));
      await held(t, ['report', dir], { codes: [2] });
    });
  }
});
