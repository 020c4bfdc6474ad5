/** What the filter removes from text, and what it leaves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rememberSecret, withoutSecrets } from '../src/secrets.ts';

/** Made up at run time, so that nothing in this file looks like a leaked credential. */
const VALUE = 'Zx81qPw-7Lm3';
const JWT = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJhZG1pbiJ9', 'c2lnbmF0dXJl'].join('.');
const PEM = ['-----BEGIN RSA PRIVATE', ' KEY-----\nMIIEpAIBAAKCAQEA7\nbQ==\n-----END RSA PRIVATE', ' KEY-----'].join(
  '',
);
const AWS_KEY = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
const GITHUB = ['ghp', '_0123456789abcdefABCDEF0123456789abcd'].join('');

/** The text, the part that must be removed, and the part that must remain. */
const REMOVED: readonly (readonly [string, string, string])[] = [
  [`Invalid character in header content ["authorization"]: Bearer ${VALUE}`, VALUE, 'Invalid character'],
  [`authorization: Basic ${VALUE} was sent`, VALUE, 'authorization'],
  [`Proxy-Authorization: Digest username="u", response="${VALUE}"\nnext`, VALUE, 'next'],
  [`"Authorization":["Bearer ${VALUE}"],"a":1`, VALUE, '"a":1'],
  ['basic dXNlcjpwYXNz', 'dXNlcjpwYXNz', 'basic'],
  ['Bearer hunter2', 'hunter2', 'Bearer'],
  [`connect to https://admin:${VALUE}@10.0.0.1:6443/api failed`, VALUE, '@10.0.0.1:6443/api failed'],
  [`https://admin:p@ss:${VALUE}@host/`, VALUE, '@host/'],
  [`postgres://u:${VALUE}@db:5432/x`, VALUE, '@db:5432/x'],
  [`git clone https://${GITHUB}@github.com/a/b`, GITHUB, 'github.com/a/b'],
  [`Unexpected token in ${JWT}!`, JWT, 'Unexpected token in'],
  [`"${JWT.slice(0, 36)}"... is not valid JSON`, JWT.slice(0, 36), 'is not valid JSON'],
  [`key:\n${PEM}\nrest`, 'MIIEpAIBAAKCAQEA7', 'rest'],
  [PEM.slice(0, 60), 'MIIEpAIBAA', '***'],
  [Buffer.from(PEM).toString('base64'), 'LS0tLS1CRUdJTiBSU0E', '***'],
  [`aws: ${AWS_KEY} expired`, AWS_KEY, 'expired'],
  [`AWS_SECRET_ACCESS_KEY=${VALUE} aws eks`, VALUE, 'aws eks'],
  [`--token=${VALUE} --v=9`, VALUE, '--v=9'],
  [`kubectl --token ${VALUE} get pods`, VALUE, 'get pods'],
  [`login --password ${VALUE}`, VALUE, 'login'],
  [`password: ${VALUE}`, VALUE, 'password'],
  ['password: hunter', 'hunter', 'password'],
  [`{"password":"${VALUE}","user":"u"}`, VALUE, '"user":"u"'],
  [`{\\"clientSecret\\":\\"${VALUE}\\",\\"a\\":1}`, VALUE, 'a'],
  [`token: '${VALUE} and more'`, 'and more', 'token'],
  [`client-key-data: ${VALUE}`, VALUE, 'client-key-data'],
  [`x-auth-token: ${VALUE}`, VALUE, 'x-auth-token'],
  [`GET /?access_token=${VALUE}&limit=5`, VALUE, '&limit=5'],
  [`https://s3/b?X-Amz-Signature=${VALUE}&X-Amz-Date=1`, VALUE, 'X-Amz-Date=1'],
  [`https://blob/c?sv=1&sig=${VALUE}`, VALUE, 'sv=1'],
  [`Set-Cookie: session=${VALUE}; Path=/`, VALUE, 'Set-Cookie'],
  ['k8s-aws-v1.aHR0cHM6Ly9zdHM', 'aHR0cHM6Ly9zdHM', '***'],
];

const LEFT: readonly string[] = [
  'the API server of prod does not answer: ECONNREFUSED (https://10.0.0.1:6443)',
  'Basic authentication is not supported; use a bearer token of the cluster',
  'Basic principles of bearer authentication',
  'Unexpected token < in JSON at position 0',
  'Unexpected token: }',
  'users[0].user.token: must be a string',
  'pass --token to choose, or --password for a name and a password',
  'no secret "web-tls" in namespace secrets',
  'automountServiceAccountToken: true',
  '/var/run/secrets/kubernetes.io/serviceaccount/token: permission denied',
  'tokenFile: /etc/token was not found',
  'registry.example.com/team/secret:v1.2.3',
  'registry.example.com:5000/team/app@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  'oci://registry:5000/chart@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  'ssh://git@github.com/team/repository',
  'cannot read /home/user/.kube/config: EACCES',
  'deployments.apps "web" is forbidden: User "system:serviceaccount:default:web" cannot patch resource',
  'pod web-7d4b9c6f5d-x2x4q: container web: exit code 137',
  'http://127.0.0.1:8080/?limit=500&continue=true',
  'the key is not in the map: metadata.labels.app',
  'secretKeyRef: {name: db, key: url}',
  '2026-11-26T12:00:00.123456789Z',
];

describe('withoutSecrets', () => {
  for (const [text, secret, rest] of REMOVED) {
    it(`removes it from: ${text.slice(0, 60)}`, () => {
      const cleaned = withoutSecrets(text);
      assert.ok(!cleaned.includes(secret), cleaned);
      assert.ok(cleaned.includes(rest), cleaned);
      assert.equal(withoutSecrets(cleaned), cleaned, 'a second time changes nothing');
    });
  }
  for (const text of LEFT) it(`leaves: ${text.slice(0, 60)}`, () => assert.equal(withoutSecrets(text), text));
});

describe('rememberSecret', () => {
  it('removes the value in each of its forms', () => {
    const value = 'correct horse/battery"staple';
    rememberSecret(value);
    const forms = [value, encodeURIComponent(value), Buffer.from(value).toString('base64'), JSON.stringify(value)];
    for (const form of forms) assert.equal(withoutSecrets(`a ${form} b`).replaceAll('"', ''), 'a *** b');
  });
  it('removes each line of a multi-line value', () => {
    rememberSecret('first-line-of-it\nsecond-line-of-it\n');
    assert.equal(withoutSecrets('x second-line-of-it y'), 'x *** y');
  });
  it('removes a short value only as a separate word, and very short ones never', () => {
    rememberSecret('pods');
    rememberSecret('t');
    assert.equal(withoutSecrets('pods, podsets and t'), '***, podsets and t');
  });
  it('takes linear time', () => {
    const startedMs = performance.now();
    for (const part of ['token', 'a.', '-', ' ', 'eyJ', 'x://a:', '"', 'password: ', 'Basic ', '--'])
      withoutSecrets(part.repeat(200_000 / part.length));
    assert.ok(performance.now() - startedMs < 2000, `${performance.now() - startedMs} ms`);
  });
});
