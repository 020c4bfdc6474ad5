import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Environment, readSettings, SettingsError } from '../../app/settings.ts';

const DEFAULTS = {
  port: 8080,
  host: '0.0.0.0',
  shutdown: 'none',
  drainDelayMs: 0,
  shutdownDeadlineMs: 4500,
  podName: 'local',
  appVersion: 'dev',
};

const GOOD: [env: Environment, settings: Partial<typeof DEFAULTS>][] = [
  [{}, {}],
  [{ PORT: '', HOST: '', SHUTDOWN: '', DRAIN_DELAY_MS: '', POD_NAME: '', APP_VERSION: '' }, {}],
  [{ PORT: '0' }, { port: 0 }],
  [
    { PORT: '65535', HOST: '::' },
    { port: 65_535, host: '::' },
  ],
  [{ SHUTDOWN: 'exit' }, { shutdown: 'exit' }],
  [{ SHUTDOWN: 'close' }, { shutdown: 'close' }],
  [
    { SHUTDOWN: 'drain', DRAIN_DELAY_MS: '2000' },
    { shutdown: 'drain', drainDelayMs: 2000 },
  ],
  [{ SHUTDOWN_DEADLINE_MS: '9000' }, { shutdownDeadlineMs: 9000 }],
  [{ SHUTDOWN: 'none', DRAIN_DELAY_MS: '5000' }, { drainDelayMs: 5000 }],
  [{ HOSTNAME: 'pod-1' }, { podName: 'pod-1' }],
  [
    { HOSTNAME: 'machine', POD_NAME: 'pod-2', APP_VERSION: '1.2.3' },
    { podName: 'pod-2', appVersion: '1.2.3' },
  ],
];

const BAD: [env: Environment, message: string][] = [
  [{ PORT: '65536' }, 'PORT="65536" must be a whole number from 0 to 65535'],
  [{ PORT: 'http' }, 'PORT="http" must be a whole number from 0 to 65535'],
  [{ PORT: '-1' }, 'PORT="-1" must be a whole number from 0 to 65535'],
  [{ PORT: '80.5' }, 'PORT="80.5" must be a whole number from 0 to 65535'],
  [{ PORT: ' 80' }, 'PORT=" 80" must be a whole number from 0 to 65535'],
  [{ SHUTDOWN: 'graceful' }, 'SHUTDOWN="graceful" must be one of none, exit, close, drain'],
  [{ DRAIN_DELAY_MS: '2s' }, 'DRAIN_DELAY_MS="2s" must be a whole number from 0 to 3600000'],
  [{ SHUTDOWN_DEADLINE_MS: '0' }, 'SHUTDOWN_DEADLINE_MS="0" must be a whole number from 1 to 3600000'],
  [
    { SHUTDOWN: 'drain', DRAIN_DELAY_MS: '4500' },
    'DRAIN_DELAY_MS="4500" must be below SHUTDOWN_DEADLINE_MS (4500), or every shutdown is forced',
  ],
];

describe('settings', () => {
  for (const [env, settings] of GOOD) {
    it(`${JSON.stringify(env)} is accepted`, () => {
      assert.deepEqual(readSettings(env), { ...DEFAULTS, ...settings });
    });
  }
  for (const [env, message] of BAD) {
    it(`${JSON.stringify(env)} is refused`, () => {
      assert.throws(
        () => readSettings(env),
        (error) => error instanceof SettingsError && error.message === message,
      );
    });
  }
});
