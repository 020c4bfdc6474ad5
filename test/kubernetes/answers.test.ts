/** Responses that do not come from an API server: every command reports them in one line, without the token. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { liveObjects } from '../../src/check/live-objects.ts';
import { listObjects } from '../../src/clusters/kubernetes/list-objects.ts';
import { liveService } from '../../src/clusters/kubernetes/live-service.ts';
import { deleteLeftNamespaces } from '../../src/clusters/kubernetes/namespaces.ts';
import { preflight } from '../../src/clusters/kubernetes/preflight.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { withoutSecrets } from '../../src/secrets.ts';
import { ANSWERS } from '../../test-hostile/api-answers.ts';
import { connect, httpServer, TOKEN } from '../../test-hostile/api-servers.ts';

/** The beginning of each command. */
const QUESTIONS: Record<string, (server: string) => Promise<unknown>> = {
  check: async (server) => {
    const { objects, pods } = await listObjects(connect({ server }), 'default');
    return liveObjects(objects, pods, 'here');
  },
  run: (server) => liveService({ deployment: 'web', url: 'http://127.0.0.1:9' }, connect({ server })),
  compare: async (server) => {
    const api = connect({ server });
    await preflight(api);
    return deleteLeftNamespaces(api);
  },
};

for (const [command, ask] of Object.entries(QUESTIONS)) {
  describe(`${command} without a real API server`, () => {
    for (const [name, answer] of Object.entries(ANSWERS)) {
      it(name, async (t) => {
        const server = await httpServer(t, answer);
        await assert.rejects(ask(server), (error) => {
          assert.ok(error instanceof EnvironmentError, inspect(error));
          assert.doesNotMatch(error.message, /\p{Cc}/u);
          assert.ok(error.message.length < 1000, error.message);
          assert.ok(!withoutSecrets(inspect(error, { depth: 10 })).includes(TOKEN), inspect(error));
          return true;
        });
      });
    }
  });
}
