/** The request mix that both load generators and `loadtest.js` read (`workload.json`). */
import * as z from 'zod';
import { readJsonFile } from '../json-file.ts';
import { MAX_SCENARIOS } from '../trace/load-record.ts';

/** Enough for the largest body in each scenario. */
const MAX_FILE_BYTES = 32 << 20;
/** Servers reject longer ones with 414. */
const MAX_PATH = 8000;
const MAX_BODY = 1 << 20;
/** What one machine can send and answer over loopback; the limit of --rate. */
export const MAX_RATE_PER_S = 20_000;
/** A lower rate makes no request within a trial. */
const MIN_RATE_PER_S = 0.01;
/** A machine has about 28,000 ports for connections to one address. */
const MAX_CONNECTIONS = 20_000;
/** What one machine can open again within seconds after a rollout; the limit of --sessions. */
export const MAX_SESSIONS = 5000;
/** So that a trace can hold all bursts, if every request fails. */
const MAX_BURST = 1000;
const MAX_BURSTS = 1000;
/** No trial takes longer. */
const MAX_BURST_AT_MS = 24 * 3_600_000;
/** The longest duration that a histogram can hold. */
const MAX_TIMEOUT_MS = 600_000;

/**
 * Why a path cannot be written into a request unchanged; undefined if it can. A space or a line break would end the
 * request line and begin another request; a second slash would begin the name of another server.
 */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with a slash';
  if (path.length > MAX_PATH) return `is longer than ${MAX_PATH} characters`;
  if (path.startsWith('//')) return 'must not begin with two slashes: what follows would be the name of a server';
  if (/[^\x21-\x7e]|[\\#]/.test(path)) return 'contains a character that must be percent-encoded';
  return undefined;
}

/** The pattern says in JSON schemas what `pathProblem` says in words. */
const Path = z
  .string()
  .superRefine((path, { addIssue }) => {
    const problem = pathProblem(path);
    if (problem !== undefined) addIssue({ code: 'custom', message: problem });
  })
  .meta({ pattern: String.raw`^/(?!/)[!"$-\[\]-~]*$`, maxLength: MAX_PATH });

const ScenarioName = z
  .string()
  .max(60)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must consist of lower-case letters, digits and "-"');

const TimeoutMs = z.int().positive().max(MAX_TIMEOUT_MS);

/** Requests at given times instead of at a constant rate. */
const Bursts = z.strictObject({
  size: z.int().positive().max(MAX_BURST).describe('requests that start at the same time'),
  atMs: z
    .array(z.number().min(0).max(MAX_BURST_AT_MS))
    .min(1)
    .max(MAX_BURSTS)
    .refine((times) => times.every((ms, index) => ms > (times[index - 1] ?? -1)), 'must be in ascending order')
    .describe('when they start, in ms after the beginning of the load, in ascending order'),
});

/** Requests at a constant rate, or in bursts. */
export const RequestScenario = z.strictObject({
  name: ScenarioName,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: Path,
  body: z.string().max(MAX_BODY).optional(),
  connection: z
    .enum(['fresh', 'keep-alive'])
    .describe('a new connection for each request, or a pool of keep-alive connections'),
  ratePerSecond: z
    .number()
    .min(MIN_RATE_PER_S)
    .max(MAX_RATE_PER_S)
    .describe('a constant rate; with bursts, their average rate'),
  bursts: Bursts.describe(
    'all requests start in bursts at these times, with pauses between them; builtin load only',
  ).optional(),
  connections: z
    .int()
    .positive()
    .max(MAX_CONNECTIONS)
    .describe('keep-alive connections (k6: virtual users) before more are opened on demand'),
  timeoutMs: TimeoutMs,
});
export type RequestScenario = z.infer<typeof RequestScenario>;

export const SESSION_KINDS = ['events', 'websocket'] as const;

/** Sessions that are held open. A session that ends is opened again. */
export const SessionScenario = z.strictObject({
  name: ScenarioName,
  path: Path,
  connection: z
    .enum(SESSION_KINDS)
    .describe('event streams (GET, or any other endless response), or WebSockets; each on a new connection'),
  connections: z
    .int()
    .positive()
    .max(MAX_SESSIONS)
    .describe('sessions held open at the same time, each by a client of its own'),
  timeoutMs: TimeoutMs.describe('how long it may take to open a session'),
});
export type SessionScenario = z.infer<typeof SessionScenario>;

export const Scenario = z.discriminatedUnion('connection', [RequestScenario, SessionScenario]);
export type Scenario = z.infer<typeof Scenario>;

interface Scenarios {
  scenarios: readonly Scenario[];
}

export const RequestMix = z.strictObject({
  format: z.literal('k8s-rollout-test/workload/1'),
  scenarios: z
    .array(Scenario)
    .min(1)
    .max(MAX_SCENARIOS)
    .refine(
      (scenarios) => new Set(scenarios.map(({ name }) => name)).size === scenarios.length,
      'two have the same name',
    )
    .refine(
      (scenarios) => totalRate({ scenarios }) <= MAX_RATE_PER_S,
      `ask for more than ${MAX_RATE_PER_S} requests/s together`,
    )
    .refine(
      (scenarios) => scenarios.reduce((sum, { connections }) => sum + connections, 0) <= MAX_CONNECTIONS,
      `ask for more than ${MAX_CONNECTIONS} connections together`,
    ),
});
export type RequestMix = z.infer<typeof RequestMix>;

/** A workload file. Its `$schema` shows an editor where the schema of the format is. */
export const RequestMixFile = RequestMix.extend({
  $schema: z.string().describe('where an editor finds this schema; not read by the program').optional(),
});

/**
 * The same requests at another total rate, in requests/s. The number of connections scales too, so that each is used
 * as often. Sessions stay as they are.
 */
export function scaleRequestMix(requestMix: RequestMix, totalRatePerSecond: number): RequestMix {
  const factor = totalRatePerSecond / totalRate(requestMix);
  return {
    ...requestMix,
    scenarios: requestMix.scenarios.map((s) =>
      isSession(s)
        ? s
        : {
            ...s,
            ratePerSecond: s.ratePerSecond * factor,
            connections: Math.min(MAX_CONNECTIONS, Math.max(1, Math.ceil(s.connections * factor))),
            ...(s.bursts && {
              bursts: { ...s.bursts, size: Math.min(MAX_BURST, Math.max(1, Math.round(s.bursts.size * factor))) },
            }),
          },
    ),
  };
}

/** Requests/s over all scenarios. */
export function totalRate(requestMix: Scenarios): number {
  return requestScenarios(requestMix).reduce((sum, s) => sum + s.ratePerSecond, 0);
}

export function isSession(scenario: Scenario): scenario is SessionScenario {
  return scenario.connection === 'events' || scenario.connection === 'websocket';
}

export function requestScenarios({ scenarios }: Scenarios): RequestScenario[] {
  return scenarios.filter((scenario): scenario is RequestScenario => !isSession(scenario));
}

export function sessionScenarios({ scenarios }: Scenarios): SessionScenario[] {
  return scenarios.filter(isSession);
}

/** How many sessions are held open over all scenarios. */
export function totalSessions(requestMix: RequestMix): number {
  return sessionScenarios(requestMix).reduce((sum, { connections }) => sum + connections, 0);
}

/** @throws InputError if the file is not a request mix */
export function readRequestMix(file: string): RequestMix {
  const options = { what: 'a workload', maxBytes: MAX_FILE_BYTES, mayBeLink: true };
  const { $schema: _, ...requestMix } = readJsonFile(file, { schema: RequestMixFile, ...options });
  return requestMix;
}
