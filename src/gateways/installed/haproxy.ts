/**
 * HAProxy's `option httplog`, also after a syslog header. It gives a server's name and not its address, which is known
 * only where the name is the address. (haproxytech's controller has a format of its own, whose path lacks the query.)
 */
import { type Line, loggedRequest, NONE } from '../haproxy/log.ts';
import type { LoggedAttempt } from '../request-log.ts';
import { commonLogTime, type LineReader, withAddress } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

/** `[time] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes cookie cookie state connections queues {headers} "request"` */
const LINE =
  /\[(\d\d\/\w{3}\/\d{4}:[\d:.]+)\] \S+ [^\s/]+\/(\S+) -?\d+\/(-?\d+)\/(-?\d+)\/-?\d+\/\+?(\d+) (-?\d+) \+?(\d+) \S+ \S+ (\S\S)\S* \d+\/\d+\/\d+\/\d+\/(\+?\d+) \d+\/\d+ .*?"(\S+) (\S+)/;
const NO_SERVER = '<NOSRV>';

export const readHaproxy: LineReader = (text) => {
  const [, time = '', server, queued, connect, active, status, bytes, end, retries, method, path] =
    LINE.exec(text) ?? [];
  const id = requestIdIn(path ?? '');
  if (id === undefined || !server || !end || !retries || !method) return undefined;
  const line: Line = {
    id,
    method,
    times: `${commonLogTime(time)} 0 ${Number(queued)} ${Number(connect)} ${Number(active)}`,
    status: Number(status),
    bytes: Number(bytes),
    server: server === NO_SERVER ? NONE : server,
    isFirst: '0',
    end,
    retries,
  };
  const request = loggedRequest(line);
  return { request: { ...request, attempts: request.attempts.map(asFarAsKnown) } };
};

/** Whether clients share connections to a server (`http-reuse`) is the user's choice, so how one ended does not show whether it was new. */
function asFarAsKnown({ address, ...attempt }: LoggedAttempt): LoggedAttempt {
  const state = attempt.phase === 'connect' && attempt.error !== 'no-endpoint' ? 'fresh' : 'unknown';
  return { ...attempt, ...withAddress(address), connection: { state } };
}
