/** The load begins when the pods serve, however their probes judge; a server that cannot be measured is recognised before it. */
import { request as httpRequest } from 'node:http';
import type { Target } from '../clusters/cluster.ts';
import { EnvironmentError, InputError } from '../errors.ts';
import { protocolAdvice, recogniseProtocol } from '../load/builtin/protocol.ts';
import {
  isSession,
  type RequestMix,
  type RequestScenario,
  requestScenarios,
  type Scenario,
  type SessionScenario,
  sessionScenarios,
} from '../load/request-mix.ts';
import { after, delay } from '../timers.ts';
import { askForSession } from './first-session.ts';

const RETRY_MS = 50;
/** An answer that says that the request is wrong (4xx, a redirect) does not become another; it is believed after this long. */
const BELIEVED_AFTER_MS = 2000;
/**
 * A server that has not started yet refuses connections, or answers with 5xx. One that accepts a connection and stays silent
 * is not going to answer: it is given up after this long, or after the request's own timeout where that is longer.
 */
const SILENCE_BELIEVED_AFTER_MS = 15_000;
/** In the place of an error's name: a response with 2xx began and had not ended in the request's time. */
const ENDLESS = 'no end of the response';
/** In the place of an error's name: the connection ended without one, and without a response. */
const CLOSED = 'no response';
/** How a request ends whose connection was accepted and never answered. */
const SILENT = ['timeout', CLOSED, 'ECONNRESET', 'EPIPE'];
/** These mean "not now". */
const TRY_AGAIN = [408, 425, 429];

export interface FirstAnswerOptions {
  target: Target;
  requestMix: RequestMix;
  signal: AbortSignal;
  /** How long pods may take from being ready to their first answer, in ms. */
  limitMs: number;
  /** Told once when some pod is waited for. */
  onWait(message: string): void;
}

interface Address {
  host: string;
  port: number;
  /** As in a target. */
  virtualHost?: string | undefined;
}

/** A status, the name of an error, or why a session was not opened. */
type Answer = number | string | NoSession;

interface NoSession {
  why: string;
}

/**
 * Sends the first request of the mix, and opens a session of each kind, on every pod that the routers know or at the one
 * URL there is, until each has answered. What only pods of the cluster can reach is not asked.
 * @throws InputError for a server that does not speak plain HTTP/1.1, for a request that it answers with 3xx or 4xx or without an end, and for a path without sessions
 * @throws EnvironmentError when a pod does not answer with 2xx in time
 */
export async function firstAnswers(options: FirstAnswerOptions): Promise<void> {
  const { target, requestMix } = options;
  if (target.kind === 'service') return;
  const asked = [...requestScenarios(requestMix).slice(0, 1), ...sessionScenarios(requestMix)];
  const addresses = addressesOf(target);
  for (const scenario of asked) {
    await Promise.all(addresses.map((address) => firstAnswer(address, scenario, options)));
  }
}

/** TLS is the business of the load generator that can do it. */
function addressesOf(target: Exclude<Target, { kind: 'service' }>): Address[] {
  if (target.kind === 'url') {
    const { protocol, hostname, port } = new URL(target.url);
    // An IPv6 address stands in brackets in a URL.
    const host = hostname.replace(/^\[|\]$/g, '');
    return protocol === 'http:' ? [{ host, port: Number(port || 80), virtualHost: target.virtualHost }] : [];
  }
  const endpoints = target.current().routers.flatMap((router) => router.endpoints);
  const byPort = new Map(endpoints.map(({ host, port }) => [`${host} ${port}`, { host, port }]));
  return [...byPort.values()];
}

async function firstAnswer(address: Address, scenario: Scenario, options: FirstAnswerOptions): Promise<void> {
  const { signal, limitMs, onWait } = options;
  const startedMs = performance.now();
  const name = nameOf(scenario);
  let wrongSinceMs: number | undefined;
  let silentSinceMs: number | undefined;
  let asked = false;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const askedMs = performance.now();
    const silenceEndsMs = (silentSinceMs ?? askedMs) + SILENCE_BELIEVED_AFTER_MS;
    // The first request may take its whole time; a server that has been silent for all of that hardly answers the next.
    const timeoutMs = silentSinceMs === undefined ? scenario.timeoutMs : Math.max(RETRY_MS, silenceEndsMs - askedMs);
    const answer = await ask(address, { ...scenario, timeoutMs: Math.min(scenario.timeoutMs, timeoutMs) }, signal);
    signal.throwIfAborted();
    const nowMs = performance.now();
    if (typeof answer === 'number' && isSuccess(answer)) return;
    if (answer === ENDLESS) throw endless(name, scenario.timeoutMs);
    if (typeof answer !== 'number' && answer !== 'ECONNREFUSED' && !asked) {
      asked = true;
      await assertPlainHttp(address, scenario.path);
    }
    if (isWrongRequest(answer) || isNoHttp(answer) || isNoSession(answer)) {
      wrongSinceMs ??= nowMs;
      if (nowMs - wrongSinceMs > BELIEVED_AFTER_MS) throw wrongAnswer(scenario, answer);
    } else wrongSinceMs = undefined;
    if (isSilence(answer)) {
      silentSinceMs ??= askedMs;
      if (nowMs >= silenceEndsMs) throw notServing(name, answer, nowMs - silentSinceMs);
    } else silentSinceMs = undefined;
    if (nowMs - startedMs > limitMs) throw notServing(name, answer, limitMs);
    if (attempt === 1) onWait(`ready, but does not serve yet: ${name}: ${inWords(answer)}`);
    await delay(RETRY_MS, undefined, { signal }).catch(() => {}); // aborted, as the next turn says
  }
}

async function assertPlainHttp(address: Address, path: string): Promise<void> {
  const advice = protocolAdvice(await recogniseProtocol(address, path));
  if (advice !== undefined) throw new InputError(`the server cannot be measured: ${advice}`);
}

function nameOf(scenario: Scenario): string {
  return isSession(scenario) ? `GET ${scenario.path} (${scenario.connection})` : `${scenario.method} ${scenario.path}`;
}

function ask(address: Address, scenario: Scenario, signal: AbortSignal): Promise<Answer> {
  return isSession(scenario) ? askForOne(address, scenario, signal) : sendRequest(address, scenario, signal);
}

/** 200 for a session that was opened. */
async function askForOne(address: Address, scenario: SessionScenario, signal: AbortSignal): Promise<Answer> {
  const answer = await askForSession(address, scenario, scenario.timeoutMs, signal);
  switch (answer.kind) {
    case 'opened':
      return 200;
    case 'status':
      return isSuccess(answer.status) ? { why: `the status is ${answer.status}` } : answer.status;
    case 'no-session':
      return answer;
    case 'error':
      return answer.name === 'closed' ? CLOSED : answer.name;
  }
}

/** The status of one request on a connection of its own, or the error's name; ENDLESS where it is still being answered. */
function sendRequest(
  { virtualHost, ...address }: Address,
  { method, path, body, timeoutMs }: RequestScenario,
  signal: AbortSignal,
): Promise<number | string> {
  return new Promise((resolve) => {
    let status = 0;
    const headers = {
      connection: 'close',
      ...(virtualHost !== undefined && { host: virtualHost }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const outgoing = httpRequest({ ...address, method, path, headers, agent: false, signal }, (response) => {
      status = response.statusCode ?? 0;
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      response.on('end', () => resolve(status));
      response.resume();
    });
    // Over the whole request: a response without an end is never idle.
    const timer = after(timeoutMs, () => {
      resolve(isSuccess(status) ? ENDLESS : 'timeout');
      outgoing.destroy();
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    outgoing.on('close', () => {
      timer.cancel();
      if (status === 0) resolve(CLOSED); // after a 101, for one, no error comes
    });
    outgoing.end(body);
  });
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isNoSession(answer: Answer): answer is NoSession {
  return typeof answer === 'object';
}

function isWrongRequest(answer: Answer): answer is number {
  return typeof answer === 'number' && answer >= 300 && answer < 500 && !TRY_AGAIN.includes(answer);
}

/** Node's HTTP parser could not read it, or read a status that HTTP does not have. */
function isNoHttp(answer: Answer): boolean {
  if (typeof answer === 'string') return answer.startsWith('HPE_');
  return typeof answer === 'number' && (answer < 100 || answer > 599);
}

/** The connection was taken, and no response came. */
function isSilence(answer: Answer): boolean {
  return typeof answer === 'string' && SILENT.includes(answer);
}

function wrongAnswer(scenario: Scenario, answer: Answer): InputError {
  const name = nameOf(scenario);
  if (isWrongRequest(answer)) return wrongRequest(scenario, answer);
  if (isSession(scenario)) return new InputError(`${name}: ${inWords(answer)}: ${pathAdvice(scenario)}`);
  return new InputError(
    `the server cannot be measured: what it answers to ${name} is not HTTP/1.1 (${inWords(answer)})`,
  );
}

function wrongRequest(scenario: Scenario, status: number): InputError {
  return new InputError(`${nameOf(scenario)} is answered ${status} with no rollout going on: ${pathAdvice(scenario)}`);
}

function pathAdvice({ connection }: Scenario): string {
  if (connection === 'websocket') return 'name a path that accepts WebSockets with --ws-path';
  if (connection === 'events')
    return 'name a path with an event stream, or another endless response, with --events-path';
  return 'name a path that answers 2xx with --path';
}

function endless(name: string, timeoutMs: number): InputError {
  return new InputError(
    `${name}: the response does not end within ${timeoutMs / 1000} s, as that of an event stream: name a path with a response that ends, with --path, or hold such responses open with --scenario events`,
  );
}

function notServing(name: string, answer: Answer, limitMs: number): EnvironmentError {
  return new EnvironmentError(
    `the pods are ready but do not serve: ${name} was not answered with 2xx within ${Math.round(limitMs / 1000)} s (${inWords(answer)})`,
  );
}

function inWords(answer: Answer): string {
  if (typeof answer === 'object') return answer.why;
  return typeof answer === 'number' ? `status ${answer}` : answer;
}
