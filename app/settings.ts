/** The service's settings, read from environment variables. */

export const SHUTDOWN_MODES = ['none', 'exit', 'close', 'drain'] as const;
export type ShutdownMode = (typeof SHUTDOWN_MODES)[number];

export interface Settings {
  port: number;
  host: string;
  /** What SIGTERM does: no handler, exit at once, the runtime's own stop, or a full drain. */
  shutdown: ShutdownMode;
  /** How long to keep accepting connections after SIGTERM, in ms. */
  drainDelayMs: number;
  /** Time from SIGTERM to a forced exit with code 1, in ms. */
  shutdownDeadlineMs: number;
  podName: string;
  appVersion: string;
}

/** All variables that are read, for runtimes that grant access to each variable by name. */
export const VARIABLES = [
  'PORT',
  'HOST',
  'SHUTDOWN',
  'DRAIN_DELAY_MS',
  'SHUTDOWN_DEADLINE_MS',
  'POD_NAME',
  'HOSTNAME',
  'APP_VERSION',
] as const;

export type Environment = Partial<Record<string, string>>;

/** A variable has an invalid value. The message is one line: the variable, its value and what is allowed. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** Reads the settings. An empty variable counts as unset. Throws a SettingsError at the first bad value. */
export function readSettings(env: Environment): Settings {
  const settings: Settings = {
    port: integer(env, 'PORT', { min: 0, max: 65_535, otherwise: 8080 }),
    host: env.HOST || '0.0.0.0',
    shutdown: shutdownMode(env),
    drainDelayMs: integer(env, 'DRAIN_DELAY_MS', { min: 0, max: MAX_DELAY_MS, otherwise: 0 }),
    shutdownDeadlineMs: integer(env, 'SHUTDOWN_DEADLINE_MS', { min: 1, max: MAX_DELAY_MS, otherwise: 4500 }),
    podName: podName(env),
    appVersion: env.APP_VERSION || 'dev',
  };
  if (settings.shutdown === 'drain' && settings.drainDelayMs >= settings.shutdownDeadlineMs) {
    throw new SettingsError(
      `DRAIN_DELAY_MS="${settings.drainDelayMs}" must be below SHUTDOWN_DEADLINE_MS (${settings.shutdownDeadlineMs}), ` +
        'or every shutdown is forced',
    );
  }
  return settings;
}

/** Kubernetes sets HOSTNAME to the pod's name. POD_NAME takes precedence, for other environments. */
export function podName(env: Environment): string {
  return env.POD_NAME || env.HOSTNAME || 'local';
}

/** One hour: longer than any sensible grace period, and far below the limit of a timer. */
const MAX_DELAY_MS = 3_600_000;

function shutdownMode(env: Environment): ShutdownMode {
  const value = env.SHUTDOWN || 'none';
  const mode = SHUTDOWN_MODES.find((known) => known === value);
  if (mode === undefined) throw new SettingsError(`SHUTDOWN="${value}" must be one of ${SHUTDOWN_MODES.join(', ')}`);
  return mode;
}

function integer(env: Environment, name: string, range: { min: number; max: number; otherwise: number }): number {
  const value = env[name];
  if (value === undefined || value === '') return range.otherwise;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw new SettingsError(`${name}="${value}" must be a whole number from ${range.min} to ${range.max}`);
}
