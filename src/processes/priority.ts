/** Lower priorities for processes of this program, so that they make room for the load. */
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { after } from '../timers.ts';

/**
 * Like `nice -n 5`: a smaller share of a busy core than this program has, but a substantial one. Much less, and the servers
 * would starve on a busy machine while the load is still on time; a late load is how a busy machine is noticed.
 */
const NICER_BY = 5;

/** Without CAP_SYS_ADMIN, the nice value of one session can be changed per 100 ms. */
const SESSION_PAUSE_MS = 110;
const ATTEMPTS = 20;

/**
 * Lowers the priority of a process that leads a session, relative to the program's own. Only root may raise a priority that
 * `nice` has lowered. Some sandboxes forbid both; the process then competes with the load, whose record shows it.
 */
export function makeNicer(pid: number): void {
  const priority = Math.min(getPriority() + NICER_BY, constants.priority.PRIORITY_LOW);
  try {
    setPriority(pid, priority);
  } catch {
    // Forbidden, or the process has ended.
  }
  if (process.platform === 'linux') lowerSession(pid, ATTEMPTS);
}

/**
 * Linux may first divide a core between sessions, each with a nice value of its own, and only then between the processes of
 * a session (autogroup, see sched(7)). The nice value of a process then has no effect on other sessions.
 */
function lowerSession(pid: number, attempts: number): void {
  const file = `/proc/${pid}/autogroup`;
  try {
    writeFileSync(file, String(NICER_BY), { flag: 'r+' });
  } catch (error) {
    // EAGAIN: another session was just changed. Otherwise the process has ended, or the kernel has no autogroups.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' && attempts > 1) after(SESSION_PAUSE_MS, () => lowerSession(pid, attempts - 1));
  }
}
