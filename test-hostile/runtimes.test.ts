/** Programs that replace a runtime, k6 or kubectl: they do not respond, or print endlessly. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { held } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'programs-'));
after(() => rmSync(folder, { recursive: true }));

/** Each is a whole shell script. */
const SCRIPTS: Record<string, string> = {
  'never ends': 'exec sleep 1000',
  'ignores SIGTERM': 'trap "" TERM INT HUP; while :; do sleep 1000; done',
  'stops itself': 'kill -STOP $$; sleep 1000',
  'prints without end': 'while :; do echo v20.0.0; done',
  'prints a line without end': 'exec tr "\\000" x < /dev/zero',
  'leaves a daemon that holds its output': 'setsid sh -c "sleep 1000" & echo no version',
  'leaves a daemon of a daemon': 'setsid sh -c "setsid sleep 1000 & exit" & sleep 0.2; exit 3',
  'ends with an error': 'echo "no \\033[31mluck" >&2; exit 3',
  'is ended by a signal': 'kill -KILL $$',
  'says something else': 'printf "v1 \\033[31m::error::\\007 \\000\\n"',
  'says nothing': 'exit 0',
};

/** The script as an executable of that name, in a folder of its own. */
function program(name: string, script: string): string {
  const place = join(folder, `${Object.values(SCRIPTS).indexOf(script)}-${name}`);
  mkdirSync(place, { recursive: true });
  const file = join(place, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A program has 10 s to respond, and this one starts as fast as the machine allows. */
const LIMIT_MS = 60_000;

const COMPARE = ['compare', '--runtime', 'node', '--variant', 'valid'];

describe('a fake runtime', { concurrency: 6 }, () => {
  for (const [what, script] of Object.entries(SCRIPTS)) {
    it(
      what,
      async (t) =>
        void (await held(t, [...COMPARE, '--node', program('node', script)], { codes: [2], deadlineMs: LIMIT_MS })),
    );
  }

  it('is a fifo', async (t) => {
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    chmodSync(fifo, 0o755);
    await held(t, [...COMPARE, '--node', fifo], { codes: [2], deadlineMs: LIMIT_MS });
  });

  const FILES: [what: string, content: string | Buffer, mode: number][] = [
    ['is not executable', '#!/bin/sh\necho v20.0.0\n', 0o644],
    [
      'is for another processor',
      Buffer.concat([Buffer.from('7f454c460201010000000000000000000200f3000100', 'hex'), Buffer.alloc(4096)]),
      0o755,
    ],
    ['is empty', '', 0o755],
    ['has a missing interpreter', '#!/no/such/interpreter\n', 0o755],
    ['is a file of zero bytes', Buffer.alloc(65_536), 0o755],
  ];
  for (const [what, content, mode] of FILES) {
    it(what, async (t) => {
      const file = join(folder, what.replaceAll(' ', '-'));
      writeFileSync(file, content);
      chmodSync(file, mode);
      await held(t, [...COMPARE, '--node', file], { codes: [2], deadlineMs: LIMIT_MS });
    });
  }
});

/** A PATH that begins with this folder. */
const withProgram = (name: string, script: string) => ({
  env: { PATH: `${join(program(name, script), '..')}:${process.env.PATH}` },
});

describe('k6 and kubectl that do not respond', { concurrency: 4 }, () => {
  for (const what of ['ignores SIGTERM', 'prints a line without end', 'ends with an error', 'stops itself']) {
    const script = SCRIPTS[what] as string;
    it(`k6 ${what}`, async (t) => {
      await held(t, [...COMPARE, '--load', 'k6'], { ...withProgram('k6', script), codes: [4], deadlineMs: LIMIT_MS });
    });
  }
});
