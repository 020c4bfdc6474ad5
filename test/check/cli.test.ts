import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import { overlayName, RUNTIMES } from '../../src/manifests/overlays.ts';
import { kustomizeFolder } from '../../src/manifests/render-files.ts';
import { projectFile } from '../../src/project-file.ts';
import { manifestText } from '../manifests/manifest-text.ts';
import { goodText } from './checked.ts';
import { type Outcome, run } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and returns its path. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const GOOD = file('good.yaml', goodText());
const BAD = file('bad.yaml', manifestText());
const ONLY_INFO = file('info.yaml', goodText({ more: [] }));
/** An environment without kubectl and kustomize. */
const BARE = { env: { PATH: folder } };

describe('the exit code is', () => {
  const table: [what: string, args: string[], input: string | undefined, code: number][] = [
    ['0 without findings', ['-f', GOOD], undefined, 0],
    ['0 with only infos', ['-f', ONLY_INFO], undefined, 0],
    ['1 with errors', ['-f', BAD], undefined, 1],
    ['1 in every format', ['-f', BAD, '--format', 'github'], undefined, 1],
    ['0 from standard input', ['-'], goodText(), 0],
    ['1 from standard input, as a file', ['-f', '-'], manifestText(), 1],
    ['1 if the longest request does not fit', ['-f', GOOD, '--longest-request', '25'], undefined, 1],
    ['0 if it does', ['-f', GOOD, '--longest-request', '24.5'], undefined, 0],
    [
      '1 with only a warning',
      ['-f', GOOD, '--dockerfile', file('Yarn', 'FROM a\nCMD ["yarn", "start"]\n')],
      undefined,
      1,
    ],
    ['1 for only a Dockerfile', ['--dockerfile', file('Dockerfile', 'FROM a\nCMD npm start\n')], undefined, 1],
    ['1 if one of two files is bad', ['-f', GOOD, '-f', BAD], undefined, 1],
  ];
  for (const [what, args, input, code] of table) {
    test(what, async () => {
      const outcome = await run(['check', ...args], { ...(input !== undefined && { input }) });
      assert.deepEqual([outcome.code, outcome.stderr], [code, '']);
    });
  }
});

describe('of several inputs', () => {
  const here = join(folder, 'many');
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(here, name)), { recursive: true });
    writeFileSync(join(here, name), text);
  };
  write('good.yaml', goodText());
  write('more/bad.yaml', manifestText());
  write('more/secret.yaml', 'a\0b');
  write('more/values.yaml', 'replicaCount: 1\n');
  write('one/bad-document.yaml', readFileSync(projectFile('test/check/cases/one-bad-document.yaml'), 'utf8'));
  const sources = (stdout: string) => [
    ...new Set(JSON.parse(stdout).findings.map(({ source }: { source: string }) => relative(here, source))),
  ];

  test('a folder is read, and with -R the folders below it', async () => {
    const flat = await run(['check', '-f', here, '--json', '--fail-on', 'info']);
    assert.deepEqual([flat.code, sources(flat.stdout)], [0, []], flat.stderr);
    const deep = await run(['check', '-R', '-f', here, '--json']);
    assert.deepEqual([deep.code, sources(deep.stdout)], [1, ['more/bad.yaml', 'one/bad-document.yaml']], deep.stderr);
    const [binary, other] = JSON.parse(deep.stdout).notes;
    assert.match(binary, /^Skipped .*secret\.yaml:1: not a text file: it contains a NUL byte\.$/);
    assert.match(other, /^Skipped, because not Kubernetes objects: .*values\.yaml\.$/);
  });

  test('several files follow one -f, as a shell expands a pattern', async () => {
    const outcome = await run(['check', '-f', join(here, 'good.yaml'), join(here, 'more/bad.yaml'), '--json']);
    assert.deepEqual(sources(outcome.stdout), ['more/bad.yaml'], outcome.stderr);
    const pattern = await run(['check', '-f', join(here, '*/bad.yaml'), '--json']);
    assert.deepEqual(sources(pattern.stdout), ['more/bad.yaml'], pattern.stderr);
  });

  test('each bad document costs one error, and the others are checked', async () => {
    const { code, stdout } = await run(['check', '-f', join(here, 'one/bad-document.yaml'), '--json']);
    assert.equal(code, 1);
    const errors = JSON.parse(stdout).findings.filter(({ severity }: { severity: string }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ rule, line, object }: { rule: string; line: number; object: { name: string } }) => [
        rule,
        line,
        object.name,
      ]),
      [
        ['refused-by-api-server', 8, 'typed-wrong'],
        ['removed-api-version', 10, 'too-old'],
        ['no-rolling-update-strategy', 23, 'fine'],
      ],
    );
  });

  test('YAML is read as kubectl reads it', async () => {
    const { code, stdout, stderr } = await run([
      'check',
      '-f',
      projectFile('test/check/cases/yaml-1.1.yaml'),
      '--json',
    ]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(
      JSON.parse(stdout).findings.filter(({ rule }: { rule: string }) => /share|host|refused/.test(rule)),
      [],
    );
  });
});

describe('findings that do not count', () => {
  const config = file('config.yaml', 'rules: {no-readiness-probe: off}\nfailOn: error\n');
  const table: [what: string, args: string[], code: number, stdout: RegExp][] = [
    ['without any of this', [], 1, /^0 errors, 2 warnings, /m],
    ['are those below --fail-on', ['--fail-on', 'error'], 0, /^0 errors, 2 warnings, /m],
    [
      'are infos, unless --fail-on info',
      ['--fail-on', 'info', '--disable', 'no-prestop,no-readiness-probe'],
      1,
      /^0 errors, 0 warnings, /m,
    ],
    [
      'are disabled',
      ['--disable', 'no-prestop', '--disable', 'no-readiness-probe'],
      0,
      /^2 silenced: 2 by --disable /m,
    ],
    ['are others than --only', ['--only', 'no-prestop'], 1, /^0 errors, 1 warning, 0 info\./m],
    [
      'are set in a config file',
      ['--config', config],
      0,
      /^0 errors, 1 warning, .*\n.*\n1 silenced: 1 by .*config\.yaml /m,
    ],
    [
      'are what flags say, whatever the config file says',
      ['--config', config, '--fail-on', 'warning'],
      1,
      /^0 errors, 1 warning, /m,
    ],
  ];
  for (const [what, args, code, stdout] of table) {
    test(what, async () => {
      const outcome = await run(['check', '-f', BAD, ...args]);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stdout, stdout);
    });
  }

  test('are in a baseline that was written before', async () => {
    const baseline = join(folder, 'baseline.json');
    const written = await run(['check', '-f', BAD, '--write-baseline', baseline]);
    assert.equal(written.code, 0, written.stderr);
    assert.match(written.stderr, /^Wrote \d+ findings to .*baseline\.json\.$/m);
    const again = await run(['check', '-f', BAD, '--baseline', baseline, '--fail-on', 'info']);
    assert.equal(again.code, 0, again.stdout);
    const worse = file('worse.yaml', manifestText({ deployment: { 'spec.strategy': { type: 'Recreate' } } }));
    const news = await run(['check', '-f', worse, '--baseline', baseline, '--json']);
    assert.equal(news.code, 1);
    assert.deepEqual(
      JSON.parse(news.stdout).findings.map(({ rule }: { rule: string }) => rule),
      ['no-rolling-update-strategy'],
    );
  });
});

describe('2, with one line that names the problem and its place, for', () => {
  const denied = file('denied.yaml', '');
  chmodSync(denied, 0);
  mkdirSync(join(folder, 'empty'));
  const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n';
  const bomb = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [x]\n'
      : `l${level}: &l${level} [${Array(10)
          .fill(`*l${level - 1}`)
          .join(', ')}]\n`,
  ).join('');
  const table: [what: string, args: string[], message: RegExp][] = [
    ['no input', [], /^check: nothing to check: give -k DIR, -f FILE, -, --dockerfile FILE or --on kubernetes$/],
    ['a missing file', ['-f', 'nowhere.yaml'], /^nowhere\.yaml: no such file$/],
    [
      'a folder without manifests',
      ['-f', join(folder, 'empty')],
      /: no file in it ends with \.json, \.yaml, \.yml: -R reads /,
    ],
    ['a pattern that nothing matches', ['-f', join(folder, 'nothing*')], /\/nothing\*: no file matches this pattern$/],
    [
      'a folder without a kustomization',
      ['-k', join(folder, 'empty')],
      /: not a kustomization: it has no kustomization\.yaml$/,
    ],
    ['a missing Dockerfile', ['-f', GOOD, '--dockerfile', 'nowhere'], /^nowhere: no such file$/],
    ['a file that is not a Dockerfile', ['--dockerfile', GOOD], /^.*good\.yaml: not a Dockerfile: it has no FROM$/],
    ['an empty file', ['-f', file('empty.yaml', '')], /: nothing to check: .* has no object$/],
    [
      'other kinds',
      ['-f', file('job.yaml', `${job}---\n${job}---\napiVersion: v1\nkind: Pod\n`)],
      /needs a Deployment, StatefulSet or DaemonSet of apps\/v1, has 2 Job, Pod$/,
    ],
    [
      'a binary file',
      ['-f', file('binary', Buffer.from('a: b\nc\0d'))],
      /binary:2: not a text file: it contains a NUL byte$/,
    ],
    [
      'another encoding',
      ['-f', file('latin1.yaml', Buffer.from('a: b\nc: \xe9t\xe9\n', 'latin1'))],
      /latin1\.yaml:2: not UTF-8$/,
    ],
    ['a tab', ['-f', file('tab.yaml', 'a:\n\tb: 1\n')], /tab\.yaml:2:1: not valid YAML: /],
    ['an alias bomb', ['-f', file('bomb.yaml', `${bomb}`)], /bomb\.yaml:1:1: not valid YAML: .*alias/],
    ['an unknown rule', ['-f', GOOD, '--disable', 'no-prestp'], /--disable.*no rule "no-prestp"/],
    ['an unknown severity', ['-f', GOOD, '--fail-on', 'fatal'], /--fail-on.* error, warning, info/],
    ['a config file that is not there', ['-f', GOOD, '--config', 'nowhere.yaml'], /^nowhere\.yaml: no such file$/],
    [
      'a config file with an unknown rule',
      ['-f', GOOD, '--config', file('wrong.yaml', 'rules:\n  x: off\n')],
      /wrong\.yaml:2:3: no rule "x": /,
    ],
    [
      'a baseline that is none',
      ['-f', GOOD, '--baseline', file('none.json', '{}')],
      /none\.json: not a baseline: format: /,
    ],
    ['an unknown format', ['-f', GOOD, '--format', 'xml'], /--format.* text, json, sarif, github/],
    [
      'a longest request that is not a number',
      ['-f', GOOD, '--longest-request', '4s'],
      /must be a number of seconds from 0 to 86400/,
    ],
    [
      'an argument other than a dash',
      ['deploy'],
      /^check deploy: use -k for a kustomization folder, -f for a file, - for /,
    ],
    ['standard input twice', ['-', '-'], /too many arguments/],
  ];
  for (const [what, args, message] of table) {
    test(what, async () => refused(await run(['check', ...args]), message));
  }

  test('an unreadable file', { skip: process.getuid?.() === 0 && 'root reads everything' }, async () => {
    refused(await run(['check', '-f', denied]), /denied\.yaml: no permission to read it$/);
  });

  test('a device', { skip: process.platform === 'win32' && 'there is no /dev/zero' }, async () => {
    refused(await run(['check', '-f', '/dev/zero']), /^\/dev\/zero: a device, not a file with manifests$/);
  });
});

/** The limit of `check` is on processor time, of which a busy machine gives little, so tests need more time. */
const PATIENCE_MS = 180_000;

describe('large input', () => {
  const config = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n${'  key: value\n'.replace('key', 'k0')}`;
  test('a workload among 10 MB of other objects is read', async () => {
    const filler = `---\n${config}`.repeat(Math.ceil(10_000_000 / config.length));
    const path = file('large.yaml', `${manifestText()}${filler}`);
    const outcome = await run(['check', '-f', path, '--json'], {}, PATIENCE_MS);
    assert.equal(outcome.code, 1, outcome.stderr);
    assert.ok(JSON.parse(outcome.stdout).findings.length > 0);
  });

  const hostile: [what: string, text: string][] = [
    ['a list of millions', '- a\n'],
    ['brackets', ']'],
  ];
  for (const [what, part] of hostile) {
    test(`10 MB of ${what} soon end in an error`, async () => {
      const path = file('hostile.yaml', part.repeat(Math.ceil(10_000_000 / part.length)));
      refused(
        await run(['check', '-f', path], {}, PATIENCE_MS),
        /hostile\.yaml(: reading it takes more than (8 s of processor time|768 MB of memory)|:\d+:\d+: )/,
      );
    });
  }
});

describe('a kustomization', () => {
  const overlay = (name: string) => join(kustomizeFolder(), 'overlays', name);

  for (const runtime of RUNTIMES) {
    test(`of this project for ${runtime} needs no kustomize`, async () => {
      const valid = await run(['check', '-k', overlay(overlayName(runtime, 'valid'))], BARE);
      assert.deepEqual([valid.code, valid.stderr], [0, '']);
      const broken = await run(['check', '-k', overlay(overlayName(runtime, 'broken'))], BARE);
      assert.equal(broken.code, 1);
      assert.match(broken.stdout, /^3 errors, 1 warning, 0 info\./m);
      assert.match(broken.stdout, /Line numbers refer to the rendered output of .*broken-\w+\/kustomization\.yaml\.$/m);
    });
  }

  test('of any other project needs kustomize, and the error says so', async () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    writeFileSync(join(own, 'kustomization.yaml'), 'resources: []\n');
    const outcome = await run(['check', '-k', own], BARE);
    assert.equal(outcome.code, 4);
    assert.match(outcome.stderr, /rendering needs kubectl .* or kustomize/);
  });

  test('points annotations to its kustomization.yaml, without a line', async () => {
    const path = overlay('without-pre-stop-bun');
    const { stdout } = await run(['check', '-k', path, '--format', 'github'], BARE);
    const where = relative('.', join(path, 'kustomization.yaml'));
    const warning = stdout.split('\n').find((line) => line.startsWith('::warning')) ?? '';
    assert.ok(warning.startsWith(`::warning file=${where},title=no-prestop::Deployment "rollout-test"`), warning);
    assert.match(warning, /without-pre-stop-bun \(rendered\):\d+:\d+\)$/);
  });
});

describe('explain', () => {
  test('prints a rule', async () => {
    const { code, stdout } = await run(['explain', 'no-prestop']);
    assert.equal(code, 0);
    assert.match(stdout, /^no-prestop: no preStop hook\n\nSeverity: warning\nCause: 4, routing lag/);
    assert.match(stdout, /^Measured: /m);
    assert.match(stdout, /\nFix:\n {4}kind: Deployment\n/);
    assert.ok(Math.max(...stdout.split('\n').map((line) => line.length)) <= 100, 'no line is longer than 100');
  });

  test('prints a cause, with the rules that prevent it', async () => {
    const { code, stdout } = await run(['explain', 'routing-lag']);
    assert.equal(code, 0);
    assert.match(stdout, /^routing-lag: routing lag \(cause 4\)\n/);
    assert.match(stdout, /^Rules of check about it: no-prestop, prestop-too-short/m);
  });

  test('lists all of them without an id', async () => {
    const { code, stdout } = await run(['explain']);
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}shell-pid1 +error +a shell as PID 1$/m);
    assert.match(stdout, /^ {2}keep-alive-race +5 +keep-alive race$/m);
    assert.match(stdout, /^ {2}idle-timeout +idle limits of servers and gateways/m);
  });

  test('prints the topic on idle timeouts', async () => {
    const { code, stdout } = await run(['explain', 'idle-timeout']);
    assert.equal(code, 0);
    assert.match(stdout, /^idle-timeout: idle limits of servers and gateways/);
    assert.match(stdout, /^ {2}Traefik +90 s +90\.0 s \(3\.7\.15\) +Node, Bun$/m);
    assert.ok(Math.max(...stdout.split('\n').map((line) => line.length)) <= 100, 'no line is longer than 100');
  });

  test('rejects an unknown id', async () => {
    refused(
      await run(['explain', 'nope']),
      /^explain: no rule, cause or topic "nope"; explain without an ID lists all of them$/,
    );
  });
});

function refused({ code, stdout, stderr }: Outcome, message: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  const line = /^k8s-rollout-test: ([^\n]+)\n$/.exec(stderr)?.[1];
  assert.ok(line, `one line: ${stderr}`);
  assert.match(line.replace(/ \(see --help\)$/, ''), message);
}
