/**
 * A small process that outlives the program by a moment: it is told of every process group and folder that the program makes,
 * and when its standard input ends, however the program ended (SIGKILL included), it ends those that are left.
 *
 * Lines on standard input: `+` and a charge in JSON (warden-client.ts) after a start, `-` and the same after its end.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { childrenOf } from './children.ts';
import type { Charge } from './warden-client.ts';

const charges = new Set<string>();

/** A process that has just been killed may write one more file into a folder while that is being removed. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

// It has a session of its own, but a stray signal to it must not leave processes behind either.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line.startsWith('+')) charges.add(line.slice(1));
  else charges.delete(line.slice(1));
});
lines.on('close', () => {
  const left = [...charges].map((line): Charge => JSON.parse(line));
  for (const charge of left) if ('group' in charge) endGroup(charge.group);
  for (const charge of left) if ('folder' in charge) attempt(() => rmSync(charge.folder, REMOVAL));
  process.exit(process.exitCode ?? 0);
});

/** The first process of a container may have left the group (setsid) and, by a change of its user, unshare's --kill-child. */
function endGroup(group: number): void {
  for (const pid of [...childrenOf(group), -group]) attempt(() => process.kill(pid, 'SIGKILL'));
}

/** One that cannot be ended must not keep the others from it. */
function attempt(end: () => void): void {
  try {
    end();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    process.stderr.write(`k8s-rollout-test: something was left behind: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
