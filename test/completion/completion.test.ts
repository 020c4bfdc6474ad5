/** What each shell offers at the tab key, asked in the shell itself. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectFile } from '../../src/project-file.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const folder = mkdtempSync(join(tmpdir(), 'completion-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'deploy.yaml'), '');
mkdirSync(join(folder, 'overlays'));

/** Each takes the script and a line for each question, and ends each answer with an empty line. */
const ASK: Record<Shell, readonly [string, ...string[]]> = {
  bash: [
    'bash',
    '--norc',
    '-c',
    `source "$1"; shift
    for line in "$@"; do
      IFS='|' read -ra COMP_WORDS <<<"$line|"
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _k8s_rollout_test; printf '%s\\n' "\${COMPREPLY[@]}" ''
    done`,
    'bash',
  ],
  zsh: ['zsh', '-f', projectFile('test/completion/zsh-capture.zsh')],
  fish: [
    'fish',
    '--no-config',
    '-c',
    'source $argv[1]; for line in $argv[2..]; complete -C (string replace --all "|" " " $line); echo; end',
  ],
};

/** What the shell offers for each of these lines, whose words are given. */
function offers(shell: Shell, script: string, lines: readonly (readonly string[])[]): string[][] {
  const [program, ...args] = ASK[shell];
  const separator = shell === 'zsh' ? ' ' : '|';
  const asked = lines.map((words) => ['k8s-rollout-test', ...words].join(separator));
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: 'xterm' };
  const options = { cwd: folder, env, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stdout, stderr } = spawnSync(program, [...args, script, ...asked], options);
  assert.equal(status, 0, stderr);
  const answers: string[][] = [[]];
  for (const line of stdout.split('\n').slice(0, -1)) {
    if (line === '') answers.push([]);
    // fish adds the description after a tab; zsh offers folders without a slash.
    else answers.at(-1)?.push(line.replace(/\t.*/, '').replace(/\/$/, ''));
  }
  assert.equal(answers.length, lines.length + 1, stdout);
  return answers;
}

describe('the tab key offers', () => {
  const table: [what: string, words: string[], some: string[], none: string[]][] = [
    ['commands', [''], ['compare', 'run', 'check', 'completion', 'help'], ['deploy.yaml']],
    ['commands after an option of the program', ['--debug', 'ch'], ['check'], ['run']],
    ['options of the program', ['--'], ['--version', '--debug', '--help'], ['--kustomize']],
    ['options of a command', ['check', '--'], ['--kustomize', '--format', '--help'], ['--port', '--version']],
    ['choices of an option', ['check', '--format', ''], ['text', 'json', 'sarif', 'github'], ['deploy.yaml']],
    ['choices that begin so', ['run', '--on', 'k'], ['kubernetes'], ['local']],
    ['files after an option for one', ['check', '-f', ''], ['deploy.yaml'], ['text']],
    ['rules of check', ['check', '--disable', 'no-p'], ['no-prestop'], ['deploy.yaml', 'shell-pid1']],
    ['folders after an option for one', ['check', '-k', ''], ['overlays'], ['deploy.yaml']],
    ['folders for an argument', ['report', ''], ['overlays'], ['deploy.yaml']],
    ['choices of an argument', ['completion', ''], ['bash', 'zsh', 'fish'], ['deploy.yaml']],
    ['nothing where no shell can know', ['run', '--rate', ''], [], ['deploy.yaml', 'local']],
    ["the user's own command after --", ['run', '--', 'cha'], ['chattr'], ['--port', 'check']],
    ["files after the user's own command", ['conform', '--', 'cat', ''], ['deploy.yaml'], ['--port']],
  ];
  for (const shell of SHELLS) {
    describe(`in ${shell}`, { skip: isThere(shell) ? false : `there is no ${shell} here` }, () => {
      let answers: string[][];
      before(() => {
        answers = offers(
          shell,
          scriptFor(shell),
          table.map(([, words]) => words),
        );
      });
      for (const [row, [what, , some, none]] of table.entries()) {
        test(what, () => {
          const offered = answers[row] ?? [];
          const missing = some.filter((word) => !offered.includes(word));
          assert.deepEqual(missing, [], `missing among ${offered.join(' ')}`);
          const strange = none.filter((word) => offered.includes(word));
          assert.deepEqual(strange, []);
        });
      }
    });
  }
});

test('bash completes a value after an equals sign, which it takes for a word of its own', {
  skip: isThere('bash') ? false : 'there is no bash here',
}, () => {
  const answers = offers('bash', scriptFor('bash'), [
    ['completion', '--on', '='],
    ['run', '--on', '='],
    ['run', '--on', '=', 'k'],
  ]);
  assert.deepEqual(answers.slice(1, 3), [['local', 'kubernetes'], ['kubernetes']]);
});

function isThere(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

function scriptFor(shell: Shell): string {
  const script = join(folder, `completion.${shell}`);
  const { stdout } = spawnSync(process.execPath, [projectFile('dist/cli.js'), 'completion', shell]);
  writeFileSync(script, stdout);
  return script;
}
