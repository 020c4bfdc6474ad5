/** Servers that change their user at the start (nginx's `user`, gosu, su-exec, setpriv), seen in their output. */

const CHANGES_USER =
  /\b(?:set(?:e|re|res|fs)?[ug]ids?|(?:set|init)groups|l?chown)\b|\b(?:set|change|switch|drop)\w*\b.{0,30}\b(?:user|users|group|groups|[ug]id|privileges)\b|failed switching to/i;
const REFUSED = /operation not permitted|invalid argument|permission denied|\bEPERM\b|\bEINVAL\b/i;

/** A stack trace may stand between the call and the reason. */
const REASON_WITHIN_LINES = 8;

/** The line that says so, where the output of a process shows that it was not allowed to change its user. */
export function refusedUserChange(lines: readonly string[]): string | undefined {
  return lines.find(
    (line, nth) =>
      CHANGES_USER.test(line) && lines.slice(nth, nth + REASON_WITHIN_LINES).some((next) => REFUSED.test(next)),
  );
}

export const USER_CHANGE_ADVICE =
  'it changes its user, and this sandbox has only one: start it without that (no `user` setting, no gosu, su-exec or ' +
  'setpriv), or install newuidmap and give yourself a range in /etc/subuid, or run this program as root';
