/**
 * Recognizes, in its output, a server that failed to switch users at startup (nginx's `user`, gosu, su-exec, setpriv).
 */

const CHANGES_USER =
  /\b(?:set(?:e|re|res|fs)?[ug]ids?|(?:set|init)groups|l?chown)\b|\b(?:set|change|switch|drop)\w*\b.{0,30}\b(?:user|users|group|groups|[ug]id|privileges)\b|failed switching to/i;
const REFUSED = /operation not permitted|invalid argument|permission denied|\bEPERM\b|\bEINVAL\b/i;

/** Stack frames may come between the call and the reason. */
const REASON_WITHIN_LINES = 8;

/** The output line that shows that a process was not allowed to switch users; undefined if none does. */
export function refusedUserChange(lines: readonly string[]): string | undefined {
  return lines.find(
    (line, nth) =>
      CHANGES_USER.test(line) && lines.slice(nth, nth + REASON_WITHIN_LINES).some((next) => REFUSED.test(next)),
  );
}

export const USER_CHANGE_ADVICE =
  'it switches to another user, but this sandbox has only one: start it without that (no `user` setting, no gosu, su-exec or ' +
  'setpriv), or install newuidmap and add a range for yourself to /etc/subuid, or run this program as root';
