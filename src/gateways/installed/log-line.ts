/** What the readers of all formats share: what a line can say, and how logs write a time and an address. */
import type { LoggedAttempt, LoggedRequest } from '../request-log.ts';

/** A line is about a whole request, or about one attempt of a request whose own line follows. */
export type LogLine = { request: LoggedRequest } | { id: string; attempt: LoggedAttempt };

/**
 * Reads a line. Pure.
 * @param earlier the attempts of a request that the lines before were about
 * @returns undefined if the line has another format, or no id of the load
 */
export type LineReader = (line: string, earlier: (id: string) => readonly LoggedAttempt[]) => LogLine | undefined;

const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d(?:\.\d+)?)(?: ([+-]\d\d)(\d\d))?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The time of the Common Log Format, `27/Nov/2026:07:53:13 +0000`, in epoch ms. HAProxy adds milliseconds and leaves out
 * the zone: a container has UTC unless it was given another zone.
 * @returns NaN if it is another format
 */
export function commonLogTime(text: string): number {
  const [, day, month = '', year, time, hours = '+00', minutes = '00'] = TIME.exec(text) ?? [];
  const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  return Date.parse(`${year}-${monthNumber}-${day}T${time}${hours}:${minutes}`);
}

/** An upstream as `LoggedAttempt.address`; nothing if the log gives only its name. */
export function withAddress(upstream: string | undefined): Pick<LoggedAttempt, 'address'> {
  return upstream !== undefined && ADDRESS.test(upstream) ? { address: upstream } : {};
}

const ADDRESS = /^(?:[\d.]+|\[[\da-f:.]+\]):\d+$/i;
