/**
 * Kubeconfigs with unusual logins: no output contains a secret, an exec plugin that hangs is killed, and Ctrl-C ends
 * the wait.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { start, until } from '../test/cli/program.ts';
import {
  allows,
  httpServer,
  json,
  kubeconfig,
  PASSWORD,
  plugin,
  rawServer,
  TOKEN,
  temporaryFolder,
} from './api-servers.ts';
import { assertReadable, held } from './program.ts';

const CHECK = ['check', '--on', 'kubernetes'];
const DEAD = 'https://127.0.0.1:9';

function withoutLogin(text: string): void {
  for (const secret of [TOKEN, PASSWORD, Buffer.from(TOKEN).toString('base64')]) {
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
}

const CREDENTIAL = JSON.stringify({ kind: 'ExecCredential', status: { token: `${TOKEN}\n` } });

/** Exec plugins that print no credential. */
const PLUGINS: Record<string, string> = {
  'fails and prints its token': `echo ${TOKEN}; echo "token: ${TOKEN}" >&2; exit 3`,
  'prints a token that is no credential': `echo ${TOKEN}`,
  'prints half of a credential': `printf '%s' '${CREDENTIAL.slice(0, -20)}'`,
  'prints another kind': `echo '{"kind":"Pod","status":{"token":"${TOKEN}"}}'`,
  'prints a token of the wrong type': `echo '{"kind":"ExecCredential","status":{"token":["${TOKEN}"]}}'`,
  'prints nothing': 'true',
  'dies of a signal': 'kill -SEGV $$',
  'prints without end': `while :; do echo ${TOKEN}${TOKEN}${TOKEN}${TOKEN}${TOKEN}${TOKEN}${TOKEN}; done`,
  'prints errors without end': `while :; do echo ${TOKEN} >&2; done`,
  sleeps: 'sleep 1000',
  'reads its input': 'cat; sleep 1000',
  'reads the terminal': 'read -r x < /dev/tty; exit 1',
  'ignores SIGTERM': "trap '' TERM INT HUP; while :; do sleep 1000; done",
  'leaves its group': 'setsid sleep 1000',
  'leaves a grandchild': 'sleep 1000 & echo x',
};

describe('logins', { concurrency: 4 }, () => {
  const users: Record<string, { server: string; user: object }> = {
    'a token over lines': { server: DEAD, user: { token: `${TOKEN}\n${TOKEN}\n` } },
    'a password in the address': { server: `https://user:${PASSWORD}@127.0.0.1:9`, user: {} },
    'a token file that is a device': { server: DEAD, user: { tokenFile: '/dev/zero' } },
  };
  for (const [name, parts] of Object.entries(users)) {
    it(name, async (t) => {
      const { stdout, stderr } = await held(t, CHECK, { codes: [4], env: kubeconfig(t, parts) });
      withoutLogin(stdout + stderr);
    });
    it(`${name}, with --debug`, async (t) => {
      const { stdout, stderr } = await start(t, ['--debug', ...CHECK], { env: kubeconfig(t, parts) }).ended;
      assert.match(stderr, / at /, 'it has a stack trace');
      withoutLogin(stdout + stderr);
    });
  }
  for (const file of ['/dev/zero', '/dev/stdin']) {
    it(`KUBECONFIG=${file}`, async (t) => void (await held(t, CHECK, { codes: [2, 4], env: { KUBECONFIG: file } })));
  }
});

describe('exec plugins', { concurrency: 4 }, () => {
  for (const [name, script] of Object.entries(PLUGINS)) {
    it(name, async (t) => {
      const command = plugin(t, script);
      const env = kubeconfig(t, { server: DEAD, user: { exec: { command, interactiveMode: 'Always' } } });
      const { stdout, stderr } = await held(t, CHECK, { codes: [4], env });
      withoutLogin(stdout + stderr);
      assert.match(stderr, /^k8s-rollout-test: the exec plugin \S+\/plugin of user "u" /);
    });
  }
});

describe('logins that work', { concurrency: 4 }, () => {
  const BASIC = `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}`;
  const logins: Record<string, (t: TestContext, server: string) => [server: string, user: object, expected: string]> = {
    'a token with a line end': (_, server) => [server, { token: `${TOKEN}\n` }, `Bearer ${TOKEN}`],
    'a token before a plugin': (_, server) => [server, { token: TOKEN, exec: { command: 'false' } }, `Bearer ${TOKEN}`],
    "a plugin's token with a line end": (t, server) => [
      server,
      { exec: { command: plugin(t, `echo '${CREDENTIAL.replace('\\n', '\\\\n')}'`) } },
      `Bearer ${TOKEN}`,
    ],
    'a plugin whose grandchild keeps the pipe open': (t, server) => [
      server,
      { exec: { command: plugin(t, `sleep 1000 & printf '%s' '${CREDENTIAL}'`) } },
      `Bearer ${TOKEN}`,
    ],
    'a name and a password': (_, server) => [server, { username: 'user', password: PASSWORD }, BASIC],
    'a name and a password in the address': (_, server) => [
      server.replace('//', `//user:${PASSWORD}@`),
      { token: TOKEN },
      BASIC,
    ],
  };
  for (const [name, login] of Object.entries(logins)) {
    it(name, async (t) => {
      const seen = new Set<string | undefined>();
      const address = await httpServer(t, (request, response, url) => {
        seen.add(request.headers.authorization);
        if (!allows(response, url)) json(response, { items: null });
      });
      const [server, user, expected] = login(t, address);
      const { stderr } = await held(t, CHECK, { codes: [2], env: kubeconfig(t, { server, user }) });
      assert.match(stderr, /nothing to check/);
      assert.deepEqual([...seen], [expected]);
    });
  }
});

describe('Ctrl-C', { concurrency: 4 }, () => {
  /** What the program waits for, and a promise that resolves when it does. */
  const waits: Record<string, (t: TestContext) => Promise<{ env: Record<string, string>; waiting: Promise<unknown> }>> =
    {
      'a silent server': async (t) => {
        let heard = () => {};
        const waiting = new Promise<void>((resolve) => {
          heard = resolve;
        });
        return { env: kubeconfig(t, { server: await rawServer(t, () => heard()) }), waiting };
      },
      'a body that drips': async (t) => {
        let heard = () => {};
        const waiting = new Promise<void>((resolve) => {
          heard = resolve;
        });
        const server = await httpServer(t, (_, response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1e6 });
          response.write('{');
          heard();
        });
        return { env: kubeconfig(t, { server }), waiting };
      },
      'a plugin that ignores it': async (t) => {
        const mark = join(temporaryFolder(t), 'started');
        const command = plugin(t, `trap '' TERM INT HUP; touch ${mark}; sleep 1000; sleep 1000`);
        const env = kubeconfig(t, { server: DEAD, user: { exec: { command } } });
        return { env, waiting: until('the plugin runs', () => existsSync(mark)) };
      },
    };
  const COMPARE = ['compare', '--on', 'kubernetes'];
  const RUN = ['run', '--on', 'kubernetes', '--deployment', 'web', '--url', DEAD, '--yes'];
  for (const [name, prepare] of Object.entries(waits)) {
    for (const args of name === 'a silent server' ? [CHECK, RUN, COMPARE] : [CHECK]) {
      it(`${args[0]}: ${name}`, async (t) => {
        const { env, waiting } = await prepare(t);
        const program = start(t, args, { env, deadlineMs: 60_000 });
        await Promise.race([waiting, program.ended]);
        const askedMs = performance.now();
        program.child.kill('SIGINT');
        const ended = await program.ended;
        assert.equal(ended.code, 130, ended.stderr);
        assert.ok(performance.now() - askedMs < 5000, `${performance.now() - askedMs} ms`);
        assertReadable(ended, false, name);
        await until('nothing is left', () => program.leftovers().length === 0);
      });
    }
  }
});

it('a pipe as a kubeconfig that nobody writes to', async (t) => {
  const file = `${temporaryFolder(t)}/pipe`;
  execFileSync('mkfifo', [file]);
  await held(t, CHECK, { codes: [2, 4], env: { KUBECONFIG: file } });
});
