/** Namespaces of trials: created, deleted even if the cluster is slow, and found again after a killed run. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createNamespace, deleteNamespace } from '../../src/clusters/kubernetes/namespaces.ts';
import { ProgramError } from '../../src/errors.ts';
import { within } from '../app/within.ts';
import { cut, type Fault, refuse } from './api-server/faults.ts';
import { readyPod } from './api-server/objects.ts';
import { resourceOfKind } from './api-server/resources.ts';
import { startApiServer } from './api-server/server.ts';

const AT_ONCE = { concurrency: true };

async function onServer(t: TestContext) {
  const started = await startApiServer(t);
  const names = () => started.server.store.list(resourceOfKind('Namespace'), '').map(({ metadata }) => metadata.name);
  return { ...started, names };
}

describe('namespaces', AT_ONCE, () => {
  test('are created with labels, and usable once they have a service account', async (t) => {
    const { server, api, names } = await onServer(t);
    server.servesAccounts = false;
    const making = within(10_000, 'the namespace', createNamespace(api, 'trial'));
    await server.requested(/serviceaccounts\/default/, 2);
    const [name = ''] = names();
    server.store.put({ kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } });
    assert.equal(await making, name);
    const { labels, annotations } = server.store.get(resourceOfKind('Namespace'), '', name)?.metadata ?? {};
    assert.equal(labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
    assert.match(annotations?.['k8s-rollout-test/owner'] ?? '', /"pid":\d+/);
  });

  test('are deleted with their pods, and waited for', async (t) => {
    const { server, api, names } = await onServer(t);
    const name = await createNamespace(api, 'trial');
    server.namespacesStay = true;
    let removed = false;
    const removing = deleteNamespace(api, name).then(() => {
      removed = true;
    });
    await server.requested(new RegExp(`/namespaces/${name}$`), 2, 'GET');
    assert.equal(removed, false);
    // A controller has created another pod in between.
    server.store.put(readyPod('late', { namespace: name }));
    await server.until('the late pod is gone', () => server.store.list(resourceOfKind('Pod'), name).length === 0);
    server.store.remove('Namespace', '', name);
    await within(10_000, 'the removal', removing);
    assert.deepEqual(names(), []);
  });

  test('that are already gone are not an error', async (t) => {
    const { api } = await onServer(t);
    await within(10_000, 'the removal', deleteNamespace(api, 'none'));
  });

  const faults: [what: string, path: RegExp, does: Fault['does']][] = [
    ['the deletion is refused for now', /namespaces\/trial-/, refuse(429, 'later', { 'retry-after': '1' })],
    ['the API server fails', /namespaces\/trial-/, refuse(500, 'etcdserver: leader changed')],
    ['the connection is cut', /namespaces\/trial-/, cut()],
  ];
  for (const [what, path, does] of faults) {
    test(`are deleted although ${what} once`, async (t) => {
      const { server, api, names } = await onServer(t);
      const name = await createNamespace(api, 'trial');
      server.fault({ path, times: 1, does });
      await within(10_000, 'the removal', deleteNamespace(api, name));
      assert.deepEqual(names(), []);
    });
  }

  test('that may not be deleted are an error in one line', async (t) => {
    const { server, api } = await onServer(t);
    const name = await createNamespace(api, 'trial');
    server.fault({ method: 'DELETE', path: /namespaces/, does: refuse(403, 'namespaces is\nforbidden') });
    await assert.rejects(within(10_000, 'the refusal', deleteNamespace(api, name)), (error) => {
      assert.ok(error instanceof ProgramError);
      assert.match(
        error.message,
        new RegExp(`^cannot delete the namespace ${name} on here: namespaces is forbidden; later: kubectl`),
      );
      return true;
    });
  });

  test('that cannot be created completely are deleted', async (t) => {
    const { server, api, names } = await onServer(t);
    server.fault({ path: /serviceaccounts/, does: refuse(403, 'serviceaccounts is forbidden') });
    await assert.rejects(
      createNamespace(api, 'trial'),
      /cannot create the namespace trial-\S+ on here: serviceaccounts is/,
    );
    assert.deepEqual(names(), []);
  });
});
