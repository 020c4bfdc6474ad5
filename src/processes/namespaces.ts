/** How this user can create namespaces: with the rights it has, or within a user namespace. Linux only. */
import { readlinkSync } from 'node:fs';
import { runAndWait } from './bounded-program.ts';

/** Arguments for `unshare`, and how many users its processes can switch to. */
interface UserMapping {
  flags: readonly string[];
  users: 'all' | 'some' | 'one';
}

/**
 * Root needs no user namespace, and its processes can switch users as in a container. With a user namespace they can if
 * /etc/subuid gives this user a range (which newuidmap maps); otherwise root is the only user in it.
 */
const AS_ROOT: UserMapping = { flags: [], users: 'all' };
const WITH_RANGE: UserMapping = { flags: ['--user', '--map-root-user', '--map-auto'], users: 'some' };
const ONE_USER: UserMapping = { flags: ['--user', '--map-root-user'], users: 'one' };

/**
 * --mount-proc gives the process a /proc of its own PID namespace, in a mount namespace that hides it from the rest of
 * the machine; --kill-child kills the process if unshare is killed.
 */
const NEW_PID_NAMESPACE = ['--pid', '--fork', '--mount-proc', '--propagation', 'private', '--kill-child', '--'];

/** Limits for an attempt to create a namespace, which returns immediately if it works. */
export const TRIAL_LIMITS = { limitMs: 10_000, maxOutputBytes: 64 * 1024 };

let mapping: UserMapping | undefined;
let tried = false;

/** The first mapping that works. Tried once. */
function userMapping(): UserMapping | undefined {
  if (!tried && process.platform === 'linux') {
    const mappings = process.geteuid?.() === 0 ? [AS_ROOT, ONE_USER] : [WITH_RANGE, ONE_USER];
    mapping = mappings.find(
      ({ flags }) =>
        runAndWait(['unshare', ...flags, ...NEW_PID_NAMESPACE, 'true'], TRIAL_LIMITS).failure === undefined,
    );
  }
  tried = true;
  return mapping;
}

/** Whether processes can be PID 1 of a PID namespace here. */
export function canMakePidNamespaces(): boolean {
  return userMapping() !== undefined;
}

/** Whether processes in a namespace created here cannot switch to another user. */
export function hasOneUser(): boolean {
  return userMapping()?.users === 'one';
}

/**
 * A prefix for a command that makes it PID 1. In a user namespace that it has entered already, it needs no further one.
 */
export function asPid1(inUserNamespace: boolean): string[] {
  return ['unshare', ...(inUserNamespace ? [] : userNamespaceFlags()), ...NEW_PID_NAMESPACE];
}

/** The arguments that `unshare` needs before all others to have the right to them; empty for root. */
export function userNamespaceFlags(): readonly string[] {
  return (userMapping() ?? ONE_USER).flags;
}

/**
 * A prefix for a command that runs it in the namespaces and the working directory of a process. Undefined if the
 * process has ended. Leaves out the user namespace if this process is already in it, because it cannot be entered
 * again.
 */
export function enterNamespacesOf(pid: number): string[] | undefined {
  const userNamespace = (of: number | 'self') => readlinkSync(`/proc/${of}/ns/user`);
  try {
    const user = userNamespace(pid) === userNamespace('self') ? [] : ['--user', '--preserve-credentials'];
    return ['nsenter', ...user, '--pid', '--mount', '--net', '--root', '--wd', '--target', String(pid), '--'];
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
