/** The part that nginx's and Traefik's text formats share: NCSA's combined format, of which each has more at the end. */
import { commonLogTime } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const LINE = new RegExp(
  String.raw`\[(\d\d/\w{3}/\d{4}:[\d:]+ [+-]\d{4})\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+|-)(?: ${QUOTED} ${QUOTED}(.*))?$`,
);

export interface CommonLogLine {
  id: string;
  method: string;
  /** Whole seconds, in epoch ms. */
  atEpochMs: number;
  status: number;
  /** The size of the body that the client got. */
  bytes: number;
  /** What follows the user agent. */
  rest: string;
}

/** @returns undefined if the line has another format, or its path no id of the load */
export function commonLogLine(line: string): CommonLogLine | undefined {
  const [, time, method, path = '', status, bytes, rest = ''] = LINE.exec(line) ?? [];
  const id = requestIdIn(path);
  if (id === undefined || time === undefined || method === undefined) return undefined;
  const atEpochMs = commonLogTime(time);
  return { id, method, atEpochMs, status: Number(status), bytes: Number(bytes) || 0, rest };
}
