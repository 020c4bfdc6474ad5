/** Error messages for a user who cannot connect to a suitable cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubernetesApi } from '../../src/clusters/kubernetes/api.ts';
import { PERMISSIONS, preflight } from '../../src/clusters/kubernetes/preflight.ts';
import { ExitCode, ProgramError } from '../../src/errors.ts';
import { apiServer, configFor, kubeconfig } from './api-server.ts';

const told = (exitCode: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ProgramError, `${error}`);
  assert.match(error.message, message);
  assert.doesNotMatch(error.message, /\n/);
  assert.equal(error.exitCode, exitCode);
  return true;
};

test('no kubeconfig', (t) => {
  kubeconfig(t, undefined);
  assert.throws(() => KubernetesApi.connect(), told(ExitCode.environment, /^no kubeconfig: set KUBECONFIG/));
});

test('a file that is not a kubeconfig', (t) => {
  kubeconfig(t, '{{{');
  assert.throws(() => KubernetesApi.connect(), told(ExitCode.environment, /config: not a kubeconfig: /));
});

test('a context that does not exist, or whose cluster does not', (t) => {
  kubeconfig(t, configFor('http://127.0.0.1:9'));
  assert.throws(
    () => KubernetesApi.connect('other'),
    told(ExitCode.usage, /no context "other" in .*; available contexts: here, lost$/),
  );
  assert.throws(
    () => KubernetesApi.connect('lost'),
    told(ExitCode.usage, /context "lost" names a cluster that is not in /),
  );
});

test('no current context', (t) => {
  kubeconfig(t, configFor('http://127.0.0.1:9').replace(/current-context.*/, ''));
  assert.throws(
    () => KubernetesApi.connect(),
    told(ExitCode.usage, /no current context; choose one with --context: here, lost$/),
  );
});

test('an API server that does not respond', async (t) => {
  kubeconfig(t, configFor('http://127.0.0.1:9'));
  await assert.rejects(
    preflight(KubernetesApi.connect()),
    told(ExitCode.environment, /API server of here does not answer: .*ECONNREFUSED.* \(http:\/\/127\.0\.0\.1:9\)/),
  );
});

const version = (minor: string) => ({ major: '1', minor, gitVersion: `v1.${minor}.0` });

test('a Kubernetes too old for the sleep action', async (t) => {
  const { api } = await apiServer(t, [
    (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(version('27+'))),
  ]);
  await assert.rejects(
    preflight(api),
    told(ExitCode.environment, /^here runs Kubernetes v1\.27\+\.0, .*sleep action: 1\.30 or later is needed$/),
  );
});

test('missing permissions, by verb and resource', async (t) => {
  const { api } = await apiServer(t, [
    (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(version('34'))),
    (_, response, request) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const review = JSON.parse(body);
        const { verb, resource } = review.spec.resourceAttributes;
        const allowed = !(verb === 'create' && (resource === 'namespaces' || resource === 'jobs'));
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...review, status: { allowed } }));
      });
    },
  ]);
  assert.ok(PERMISSIONS.length > 5);
  await assert.rejects(
    preflight(api),
    told(ExitCode.environment, /^you may not create namespaces, create jobs on here; kubernetes\/cluster-role\.yaml/),
  );
});
