/** A scenario's requests as they are sent. */
import type { Endpoint } from '../../clusters/cluster.ts';
import type { Scenario } from '../request-mix.ts';

/** Returns the text of one request, to be sent as latin1, one byte per character. */
export type RequestText = (id: string, endpoint: Endpoint | undefined) => string;

/** Builds what all requests of a scenario have in common only once. */
export function requestTextOf(scenario: Scenario): RequestText {
  const utf8 = Buffer.from(scenario.body ?? '', 'utf8');
  const start = `${scenario.method} ${scenario.path} HTTP/1.1\r\nhost: `;
  const rest = [
    '',
    `connection: ${scenario.connection === 'fresh' ? 'close' : 'keep-alive'}`,
    ...(scenario.body === undefined ? [] : ['content-type: application/json', `content-length: ${utf8.length}`]),
    '',
    utf8.toString('latin1'),
  ].join('\r\n');
  return (id, endpoint) => `${start}${hostOf(endpoint)}\r\nx-request-id: ${id}${rest}`;
}

function hostOf(endpoint: Endpoint | undefined): string {
  const { host = '', port } = endpoint ?? {};
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
