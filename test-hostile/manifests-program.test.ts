/** How the program handles files, pipes, kustomizations and Dockerfiles that try to break it. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { manifestText } from '../test/manifests/manifest-text.ts';
import { strangeYaml, withScript } from './manifest-inputs.ts';
import { type HostileOptions, held } from './program.ts';
import { hostileDockerfiles, hostileScripts } from './script-inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'hostile-manifests-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string | Buffer): string {
  const path = join(folder, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

const GOOD = file(manifestText());
/** With these arguments `run` reads the manifest, finds no such container, and starts nothing. */
const NO_SUCH = ['--exec', 'no-such-container=true'];
const FORMATS = ['text', 'json', 'sarif', 'github'];

interface Row extends Partial<HostileOptions> {
  what: string;
  args: string[];
}

function rows(kind: string, inputs: readonly Row[], concurrency = 3): void {
  describe(kind, { concurrency }, () => {
    for (const { what, args, ...options } of inputs) {
      it(what, async (t) => void (await held(t, args, { codes: [2], ...options })));
    }
  });
}

/** The program as a shell starts it, with `$CHECK` for `check`. */
function fromShell(t: TestContext, script: string, options: HostileOptions) {
  return held(t, [script], { ...options, cli: join(import.meta.dirname, 'shell.js') });
}

rows('strange YAML, in the formats by turns', [
  ...strangeYaml()
    .filter((_, index) => index % 6 === 0)
    .map(({ what, text }, index) => ({
      what,
      args: ['check', '-f', file(text), '--format', FORMATS[index % 4] ?? 'text'],
      codes: [0, 1, 2],
      longLines: true,
    })),
  ...strangeYaml()
    .filter((_, index) => index % 12 === 3)
    .map(({ what, text }) => ({ what: `run: ${what}`, args: ['run', '-f', file(text), ...NO_SUCH] })),
]);

rows('scripts of shells', [
  ...hostileScripts()
    .filter(({ text }, index) => index % 60 === 0 && !text.includes('\0'))
    .map(({ what, text }) => ({ what, args: ['check', '-f', file(withScript(text))], codes: [1] })),
]);

rows('Dockerfiles', [
  ...hostileDockerfiles()
    .filter((_, index) => index % 4 === 0)
    .map(({ what, text }) => ({
      what,
      args: ['check', '--dockerfile', file(text)],
      codes: [0, 1, 2],
    })),
  { what: 'of 2 MB', args: ['check', '--dockerfile', file(`FROM a\n${'RUN x\n'.repeat(400_000)}`)] },
  {
    what: 'of 2 MB, for run',
    args: ['run', '--dockerfile', file(`FROM a\nCMD ${'x '.repeat(1_000_000)}`), '--', 'true'],
  },
  { what: 'a device', args: ['check', '--dockerfile', '/dev/zero'] },
]);

const repeated = (text: string, bytes: number) => file(text.repeat(Math.ceil(bytes / text.length)));
rows(
  'large files',
  [
    ...['---\n', '- a\n', '---\nkind: A\n'].map((piece) => ({
      what: `60 MB of ${JSON.stringify(piece)}`,
      args: ['check', '-f', repeated(piece, 60_000_000)],
    })),
    { what: '70 MB', args: ['run', '-f', repeated('# x\n', 70_000_000), ...NO_SUCH] },
    { what: '60 MB, for run', args: ['run', '-f', repeated('a: b\n', 60_000_000), ...NO_SUCH] },
    {
      what: 'texts that aliases multiply',
      args: [
        'run',
        '-f',
        file(
          `${manifestText()}---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n` +
            Array.from(
              { length: 9 },
              (_, at) => `x${at}: &x${at} ${'y'.repeat(1_000_000)}\nz${at}: [${Array(90).fill(`*x${at}`)}]\n`,
            ).join(''),
        ),
        ...NO_SUCH,
      ],
    },
    {
      what: 'many workloads with long names',
      args: [
        'check',
        '-f',
        file(
          Array.from({ length: 40 }, (_, at) =>
            manifestText().replaceAll('name: shop', `name: s${at}${'s'.repeat(200_000)}`),
          ).join('---\n'),
        ),
      ],
      codes: [1, 2],
      longLines: true,
    },
  ],
  2,
);

describe('paths that are not regular files', { concurrency: 4 }, () => {
  const fifo = (name: string) => {
    const path = join(folder, name);
    spawnSync('mkfifo', [path]);
    return path;
  };
  mkdirSync(join(folder, 'dir'));
  symlinkSync('circle', join(folder, 'circle'));
  symlinkSync('/dev/zero', join(folder, 'zero'));
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  after(() => server.close());
  const silent = fifo('silent');
  // This process holds it open and writes nothing.
  openSync(silent, 'r+');
  const paths: Record<string, string> = {
    'a device': '/dev/zero',
    'a device that is random': '/dev/urandom',
    'nothing, as a device': '/dev/null',
    'a link to a device': join(folder, 'zero'),
    'a circle of links': join(folder, 'circle'),
    'a folder': join(folder, 'dir'),
    'a socket': socket,
    'a named pipe that nobody writes to': fifo('unwritten'),
    'a named pipe whose writer is silent': silent,
    'a name that is too long': `/${'x'.repeat(300)}`,
    'memory of a process': '/proc/self/mem',
  };
  for (const [what, path] of Object.entries(paths)) {
    it(`check: ${what}`, async (t) => void (await held(t, ['check', '-f', path], { codes: [2] })));
    if (/pipe|folder/.test(what))
      it(`run: ${what}`, async (t) => void (await held(t, ['run', '-f', path, ...NO_SUCH], { codes: [2] })));
  }
  it('a named pipe that drips', async (t) => {
    const path = fifo('drips');
    const drip = spawn('sh', ['-c', 'while printf "#"; do sleep 0.5; done > "$0"', path], { stdio: 'ignore' });
    t.after(() => drip.kill('SIGKILL'));
    await held(t, ['check', '-f', path], { codes: [2] });
  });
});

describe('standard input, and files that a shell holds open', { concurrency: 4 }, () => {
  const table: [what: string, script: string, codes: number[]][] = [
    ['closed', '"$@" check - <&-', [2]],
    ['endless zeros', '"$@" check - < /dev/zero', [2]],
    ['endless lines', 'yes | "$@" check -', [2]],
    ['endless lines, by its path', 'yes | "$@" run -f /dev/stdin', [2]],
    ['a folder', '"$@" check - < /', [2]],
    ['a manifest', `"$@" check - < ${GOOD}`, [1]],
    ['a manifest by a substitution', `"$@" check -f <(cat ${GOOD})`, [1]],
    ['a slow manifest by a substitution', `"$@" check -f <(sleep 1; cat ${GOOD})`, [1]],
    ['a substitution for run', `"$@" run -f <(cat ${GOOD}) ${NO_SUCH.join(' ')}`, [2]],
    ['a substitution that is endless', '"$@" check -f <(yes)', [2]],
    ['a substitution that fails', '"$@" check -f <(false)', [2]],
  ];
  for (const [what, script, codes] of table) it(what, async (t) => void (await fromShell(t, script, { codes })));
});

describe('kustomizations', { concurrency: 4 }, () => {
  const kustomization = (text: string) => {
    const path = join(folder, `k${++files}`);
    mkdirSync(path);
    writeFileSync(join(path, 'kustomization.yaml'), text);
    return path;
  };
  /** A kubectl that runs this script. */
  const kubectl = (script: string) => {
    const path = join(folder, `bin${++files}`);
    mkdirSync(path);
    writeFileSync(join(path, 'kubectl'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, 'kubectl'), 0o755);
    return { PATH: `${path}:${process.env.PATH}` };
  };
  const any = kustomization('resources: []\n');
  const programs: Record<string, string> = {
    'that hangs': 'sleep 1000',
    'that hangs, with children, and ignores signals':
      'trap "" TERM INT HUP; sleep 1000 & sleep 1000 & wait; sleep 1000',
    'that prints without end': 'yes',
    'that complains without end, and fails': 'head -c 10000000 /dev/zero | tr "\\0" x >&2; exit 1',
    'that dies of a signal': 'kill -9 $$',
    'that leaves a child that holds its output': 'sleep 1000 & echo "a: [" ',
    'that prints no text': 'head -c 1000 /dev/urandom',
    'that prints nothing': 'true',
    'that is refused': 'exit 126',
  };
  for (const [what, script] of Object.entries(programs)) {
    const commands = /hangs$|without end$/.test(what) ? [['check'], ['run', ...NO_SUCH]] : [['check']];
    for (const command of commands) {
      it(`${command[0]} -k with a kubectl ${what}`, async (t) => {
        await held(t, [...command, '-k', any], { codes: [2], env: kubectl(script) });
      });
    }
  }
  const texts: Record<string, string> = {
    empty: '',
    'no YAML': '[',
    'itself as a resource': 'resources: [.]\n',
    'a file above it': 'resources: [../../../../../../etc/passwd]\n',
    'a file that is missing': 'resources: [nowhere.yaml]\n',
    'an address that refuses': 'resources: ["http://127.0.0.1:9/x.yaml"]\n',
    'a field that is unknown': 'xyz: 1\n',
  };
  for (const [what, text] of Object.entries(texts)) {
    it(`check -k of ${what}`, async (t) =>
      void (await held(t, ['check', '-k', kustomization(text)], { codes: [2, 4] })));
  }
});
