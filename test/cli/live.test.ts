/** The live view on a real terminal: a pseudo-terminal of script(1), if it is installed. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from './program.ts';

const ESCAPE = String.fromCharCode(27);
const HIDE_CURSOR = `${ESCAPE}[?25l`;
const SHOW_CURSOR = `${ESCAPE}[?25h`;
const CTRL_C = String.fromCharCode(3);
const DEADLINE_MS = 60_000;

const missing = !/util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');

test('shows pods and requests in place, and restores the cursor on Ctrl-C', {
  skip: missing && 'no script(1) of util-linux',
}, async (t) => {
  const command = `"${process.execPath}" "${join(PROJECT, 'dist/cli.js')}" compare --runtime bun --variant valid --rate 42`;
  const terminal = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '1' },
  });
  t.after(() => terminal.kill('SIGKILL'));
  const deadline = setTimeout(() => terminal.kill('SIGKILL'), DEADLINE_MS);
  let screen = '';
  let sent = false;
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    if (!sent && / old ●●● new ○ [\d,]+ sent/.test(screen)) {
      sent = true;
      terminal.stdin.write(CTRL_C);
    }
  });
  const [code] = await once(terminal, 'close');
  clearTimeout(deadline);
  assert.ok(sent, screen.slice(-2000));
  assert.equal(code, 130, screen.slice(-2000));
  assert.ok(screen.includes(HIDE_CURSOR));
  assert.ok(screen.lastIndexOf(SHOW_CURSOR) > screen.lastIndexOf(HIDE_CURSOR), 'the cursor is shown again');
  assert.match(
    screen.slice(screen.lastIndexOf(`${ESCAPE}[2K`)),
    /k8s-rollout-test: interrupted after 0 of 1 trial\r?\n/,
  );
});
