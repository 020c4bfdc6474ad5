/**
 * A small process that outlives the program by a moment. The program reports every process group and folder that it
 * creates. When the warden's standard input ends, because the program has ended in any way (SIGKILL included), it kills
 * and removes what is left.
 *
 * Lines on standard input: `+` and a target in JSON (warden-client.ts) when it is created, `-` and the same JSON when
 * it is gone.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { childrenOf } from './children.ts';
import type { CleanupTarget } from './warden-client.ts';

const cleanupTargets = new Set<string>();

/**
 * Retry, because a process that has just been killed may write one more file into a folder while it is being removed.
 */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

// It is in a session of its own, but even a stray signal to it must not leave processes behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line.startsWith('+')) cleanupTargets.add(line.slice(1));
  else cleanupTargets.delete(line.slice(1));
});
lines.on('close', () => {
  const left = [...cleanupTargets].map((line): CleanupTarget => JSON.parse(line));
  for (const target of left) if ('group' in target) endGroup(target.group);
  for (const target of left) if ('folder' in target) attempt(() => rmSync(target.folder, REMOVAL));
  process.exit(process.exitCode ?? 0);
});

/**
 * A container's first process may have left the group (setsid); if it also changed its user, --kill-child has no
 * effect.
 */
function endGroup(group: number): void {
  for (const pid of [...childrenOf(group), -group]) attempt(() => process.kill(pid, 'SIGKILL'));
}

/** Reports a failure and continues, so that the remaining cleanupTargets are still cleaned up. */
function attempt(end: () => void): void {
  try {
    end();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    process.stderr.write(`k8s-rollout-test: something was not cleaned up: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
