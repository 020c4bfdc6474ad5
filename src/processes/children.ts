import { readFileSync } from 'node:fs';

/**
 * The child processes of one thread of a process, by default of its main thread. Empty if it no longer exists, or
 * without /proc.
 */
export function childrenOf(pid: number, thread = pid): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** All descendants of a process, children before their parents. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [...descendantsOf(child), child]);
}
