/**
 * A small process that outlives the program by a moment: it is told of every process group the program starts, and
 * when its standard input ends, however the program ended (SIGKILL included), it kills those that are left.
 *
 * Lines on standard input: `+PGID` after a start, `-PGID` after an exit.
 */
import { createInterface } from 'node:readline';
import { childrenOf } from './children.ts';

const groups = new Set<number>();

// It has a session of its own, but a stray signal to it must not leave processes behind either.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const group = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(group);
  else groups.delete(group);
});
lines.on('close', () => {
  for (const group of groups) {
    // The first process of a container may have left the group (setsid) and, by a change of its user, unshare's --kill-child.
    for (const pid of [...childrenOf(group), -group]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
  process.exit(0);
});
