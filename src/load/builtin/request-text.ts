/** A scenario's requests as they are sent. */
import type { Endpoint } from '../../clusters/cluster.ts';
import { withRequestId } from '../../gateways/installed/request-id.ts';
import type { RequestScenario, SessionScenario } from '../request-mix.ts';

/** Returns the text of one request, to be sent as latin1, one byte per character. */
export type RequestText = (id: string, endpoint: Endpoint | undefined) => string;

/**
 * Builds what all requests of a scenario have in common only once.
 * @param virtualHost as in a target; by default, the Host header is the endpoint's address
 */
export function requestTextOf(scenario: RequestScenario, virtualHost?: string): RequestText {
  const utf8 = Buffer.from(scenario.body ?? '', 'utf8');
  const start = `${scenario.method} ${scenario.path} HTTP/1.1\r\nhost: `;
  const rest = [
    '',
    `connection: ${scenario.connection === 'fresh' ? 'close' : 'keep-alive'}`,
    ...(scenario.body === undefined ? [] : ['content-type: application/json', `content-length: ${utf8.length}`]),
    '',
    utf8.toString('latin1'),
  ].join('\r\n');
  if (virtualHost !== undefined) {
    const { method, path } = scenario;
    return (id) =>
      `${method} ${withRequestId(path, id)} HTTP/1.1\r\nhost: ${virtualHost}\r\nx-request-id: ${id}${rest}`;
  }
  return (id, endpoint) => `${start}${hostOf(endpoint)}\r\nx-request-id: ${id}${rest}`;
}

/**
 * The request that opens a session.
 * @param virtualHost as in a target
 * @param webSocketKey the value of Sec-WebSocket-Key, for a WebSocket
 */
export function sessionText(
  { path, connection }: SessionScenario,
  { id, endpoint, virtualHost }: { id: string; endpoint: Endpoint | undefined; virtualHost?: string | undefined },
  webSocketKey: string,
): string {
  const fields =
    connection === 'websocket'
      ? ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', `sec-websocket-key: ${webSocketKey}`]
      : ['accept: text/event-stream, */*;q=0.1', 'cache-control: no-store'];
  const target = virtualHost === undefined ? path : withRequestId(path, id);
  return [
    `GET ${target} HTTP/1.1`,
    `host: ${virtualHost ?? hostOf(endpoint)}`,
    `x-request-id: ${id}`,
    ...fields,
    '',
    '',
  ].join('\r\n');
}

function hostOf(endpoint: Endpoint | undefined): string {
  const { host = '', port } = endpoint ?? {};
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
