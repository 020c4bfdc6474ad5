/**
 * Kubeconfigs with unusual logins: reported in one line, and after filtering neither the error nor its cause contains a
 * secret.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { preflight } from '../../src/clusters/kubernetes/preflight.ts';
import { ProgramError } from '../../src/errors.ts';
import { withoutSecrets } from '../../src/secrets.ts';
import { connect, type KubeconfigParts, PASSWORD, TOKEN } from '../../test-hostile/api-servers.ts';

const DEAD = 'https://127.0.0.1:9';

/** Users of a kubeconfig. */
const USERS: Record<string, object> = {
  'a token with a line end': { token: `${TOKEN}\n` },
  'a token over lines': { token: `${TOKEN}\n${TOKEN}\n` },
  'a token with a null byte': { token: `${TOKEN}\u0000x` },
  'a token beyond Latin-1': { token: `${TOKEN}\u20ac` },
  'a token that is a list': { token: [TOKEN] },
  'a token that is an object': { token: { [TOKEN]: TOKEN } },
  'a password with a line end': { username: 'u', password: `${PASSWORD}\n` },
  'a password without a name': { password: PASSWORD },
  'a key that is none': { 'client-certificate-data': 'eA==', 'client-key-data': Buffer.from(TOKEN).toString('base64') },
  'a key that is a device': { 'client-certificate': '/dev/zero', 'client-key': '/dev/zero' },
  'a key that is not there': { 'client-certificate': `/none/${'x'.repeat(200)}`, 'client-key': '/none' },
  'a token file that is a device': { tokenFile: '/dev/zero' },
  'a token file that is a folder': { tokenFile: '/' },
  'a token file that is not there': { tokenFile: '/none' },
  'a login that was removed': {
    'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/sleep', 'cmd-args': '1000' } },
  },
  'an OIDC provider that is dead': {
    'auth-provider': {
      name: 'oidc',
      config: {
        'idp-issuer-url': DEAD,
        'client-id': 'c',
        'client-secret': PASSWORD,
        'refresh-token': TOKEN,
        'id-token': 'a.b.c',
      },
    },
  },
  'a command that is not there': { exec: { command: 'no-such-plugin', args: [`--token=${TOKEN}`] } },
  'a command that is a folder': { exec: { command: '/' } },
  'a command that is a number': { exec: { command: 7 } },
  'a command that is empty': { exec: { command: '' } },
};

/** Clusters of a kubeconfig. */
const SERVERS: readonly string[] = [
  `https://user:${PASSWORD}@127.0.0.1:9`,
  `http://user:${PASSWORD}@127.0.0.1:9`,
  `https://user:${PASSWORD}/x@127.0.0.1:9`,
  `https://user:${PASSWORD}@`,
  `https://user:${PASSWORD}@127.0.0.1:99999`,
  `user:${PASSWORD}@127.0.0.1`,
  `ftp://user:${PASSWORD}@127.0.0.1`,
  `https://${TOKEN}@127.0.0.1:9`,
  `https://127.0.0.1:9/?token=${TOKEN}`,
  `file:///etc/passwd#password=${PASSWORD}`,
];

/** Files that are kubeconfigs, and files that are not. */
const FILES: Record<string, string> = {
  'not YAML, in a line with the token': `users:\n- user: {token: ${TOKEN}\n  x: [}`,
  'a duplicate key': `token: ${TOKEN}\ntoken: ${TOKEN}`,
  'a tag': `!<tag:${TOKEN}> x`,
  'an alias to nothing': `a: *${TOKEN}`,
  'a list': '- a',
  'a text': TOKEN,
  nothing: '',
  'null bytes': '\u0000\u0000',
  'nested without end': '['.repeat(100_000),
  'aliases of aliases': `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
    .join('\n')}`,
  'clusters that are a text': 'clusters: x\nusers: 7\ncontexts: {}',
  'too large': `# ${'x'.repeat(5_000_000)}`,
};

async function rejects(parts: KubeconfigParts | string): Promise<void> {
  await assert.rejects(
    async () => preflight(connect(parts)),
    (error) => {
      assert.ok(error instanceof ProgramError, inspect(error));
      assert.doesNotMatch(error.message, /\p{Cc}/u);
      assert.ok(error.message.length < 1000, error.message);
      const shown = withoutSecrets(inspect(error, { depth: 10 }));
      for (const secret of [TOKEN, PASSWORD, Buffer.from(TOKEN).toString('base64')]) {
        assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
      }
      return true;
    },
  );
}

describe('users', () => {
  for (const [name, user] of Object.entries(USERS)) it(name, () => rejects({ server: DEAD, user }));
});
describe('servers', () => {
  for (const server of SERVERS) it(server.replace(PASSWORD, '…'), () => rejects({ server, user: {} }));
});
describe('kubeconfigs', () => {
  for (const [name, text] of Object.entries(FILES)) it(`that are ${name}`, () => rejects(text));
});
