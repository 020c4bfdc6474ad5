/** What an error in a gateway's log means. Pure. */

/** As the C library, Go and Envoy (with underscores) word them. The first that fits counts. */
const ERRORS: readonly [RegExp, string][] = [
  [/timed[ _]out|timeout|deadline exceeded/i, 'timeout'],
  [/connection[ _]refused/i, 'ECONNREFUSED'],
  [/reset[ _]by[ _]peer/i, 'ECONNRESET'],
  [/no[ _]route[ _]to[ _]host|unreachable/i, 'EHOSTUNREACH'],
  [/broken[ _]pipe/i, 'EPIPE'],
  [/\bEOF\b|closed|readLoopPeekFail/, 'closed'],
];

/** @returns `LoggedAttempt.error`; undefined if the text names no error of a connection */
export function errorIn(text: string): string | undefined {
  return ERRORS.find(([pattern]) => pattern.test(text))?.[1];
}
