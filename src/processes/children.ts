import { readFileSync } from 'node:fs';

/** The children that a thread of a process has, by default its first one; none where it has gone, and where there is no /proc. */
export function childrenOf(pid: number, thread = pid): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Its children, their children, and so on, the youngest generation first. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [...descendantsOf(child), child]);
}
