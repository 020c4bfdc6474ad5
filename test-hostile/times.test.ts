/** Times in a manifest that are longer than a timer, than a trial, or than the largest number. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { PROJECT } from '../test/cli/program.ts';
import { held } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'times-'));
after(() => rmSync(folder, { recursive: true }));

interface Fields {
  spec?: object;
  pod?: object;
  container?: object;
}

/** A trial takes 16 s. */
const LIMIT_MS = 90_000;

const MAX_INT32 = 2 ** 31 - 1;
const BEYOND_TIMERS = 2_147_484;
const sleep = (seconds: number) => ({ lifecycle: { preStop: { sleep: { seconds } } } });
const probe = (fields: object) => ({ readinessProbe: { tcpSocket: { port: 8080 }, ...fields } });

const CARRIED_OUT: Record<string, Fields> = {
  'a deadline beyond timers': { spec: { progressDeadlineSeconds: BEYOND_TIMERS } },
  'no deadline': { spec: { progressDeadlineSeconds: MAX_INT32 } },
  'a grace period beyond timers': { pod: { terminationGracePeriodSeconds: BEYOND_TIMERS } },
  'the longest grace period': { pod: { terminationGracePeriodSeconds: 2 ** 63 } },
  'a probe that comes once': {
    container: {
      ...probe({ periodSeconds: MAX_INT32, timeoutSeconds: MAX_INT32 }),
      // Without it the one probe may come before the server listens, and the pod is never ready.
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 60 },
    },
  },
};

const REFUSED: Record<string, Fields> = {
  'minReadySeconds of months': { spec: { progressDeadlineSeconds: MAX_INT32, minReadySeconds: 3_000_000 } },
  'a sleep of months': { pod: { terminationGracePeriodSeconds: 3_000_000 }, container: sleep(2_500_000) },
  'a sleep longer than the grace period': { container: sleep(2 ** 50) },
  'an initial delay of years': {
    spec: { progressDeadlineSeconds: MAX_INT32 },
    container: probe({ initialDelaySeconds: MAX_INT32 }),
  },
  'a deadline that is no int32': { spec: { progressDeadlineSeconds: MAX_INT32 + 1 } },
  'a deadline of half a second': { spec: { progressDeadlineSeconds: 0.5 } },
  'a grace period that is no int64': { pod: { terminationGracePeriodSeconds: 2 ** 64 } },
  'a grace period without end': { pod: { terminationGracePeriodSeconds: Number.POSITIVE_INFINITY } },
  'a grace period that is no number': { pod: { terminationGracePeriodSeconds: Number.NaN } },
  'a negative grace period': { pod: { terminationGracePeriodSeconds: -1e18 } },
  'a period that is no int32': { container: probe({ periodSeconds: -(2 ** 31) - 1 }) },
};

function manifest(name: string, { spec = {}, pod = {}, container = {} }: Fields): string {
  const server = join(PROJECT, 'test/fixtures/servers/close-then-exit.mjs');
  const file = join(folder, `${name.replaceAll(' ', '-')}.yaml`);
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: {
      replicas: 1,
      ...spec,
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: {
          ...pod,
          containers: [
            {
              name: 'c',
              image: 'x',
              command: [process.execPath, server],
              ports: [{ containerPort: 8080 }],
              ...container,
            },
          ],
        },
      },
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  writeFileSync(file, `${stringify(deployment)}---\n${stringify(service)}`);
  return file;
}

describe('times of a manifest', { concurrency: 8 }, () => {
  for (const [name, fields] of Object.entries(CARRIED_OUT)) {
    it(`${name} is carried out`, async (t) => {
      const args = ['run', '-f', manifest(name, fields), '--rate', '20'];
      await held(t, args, { codes: [0, 1, 3], deadlineMs: LIMIT_MS });
    });
  }
  for (const [name, fields] of Object.entries(REFUSED)) {
    it(`${name} is refused`, async (t) => {
      await held(t, ['run', '-f', manifest(name, fields)], { codes: [2], deadlineMs: LIMIT_MS });
    });
  }
});
