/** How this user may make namespaces of the kernel: with the rights there are, or in a user namespace. Linux alone. */
import { readlinkSync } from 'node:fs';
import { runAndWait } from './bounded-program.ts';

/** What goes after `unshare`, and how many users its processes can become. */
interface UserMapping {
  flags: readonly string[];
  users: 'all' | 'some' | 'one';
}

/**
 * Root needs no user namespace, and its processes can change their user as in a container. Another user's can where
 * /etc/subuid gives that user a range (newuidmap writes it); else root is the only user there is.
 */
const AS_ROOT: UserMapping = { flags: [], users: 'all' };
const WITH_RANGE: UserMapping = { flags: ['--user', '--map-root-user', '--map-auto'], users: 'some' };
const ONE_USER: UserMapping = { flags: ['--user', '--map-root-user'], users: 'one' };

/**
 * --mount-proc gives the process a /proc that agrees with its own PID, in a mount namespace from which nothing gets out;
 * --kill-child takes it along when unshare is killed.
 */
const NEW_PID_NAMESPACE = ['--pid', '--fork', '--mount-proc', '--propagation', 'private', '--kill-child', '--'];

/** The limits of an attempt to make a namespace, which ends at once where it works. */
export const TRIAL_LIMITS = { limitMs: 10_000, maxOutputBytes: 64 * 1024 };

let mapping: UserMapping | undefined;
let tried = false;

/** Tried once. */
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

/** Whether no process in a namespace made here can change its user. */
export function hasOneUser(): boolean {
  return userMapping()?.users === 'one';
}

/** In front of a command: makes it PID 1. In a namespace that has been entered, its rights are enough. */
export function asPid1(inUserNamespace: boolean): string[] {
  return ['unshare', ...(inUserNamespace ? [] : userNamespaceFlags()), ...NEW_PID_NAMESPACE];
}

/** What `unshare` needs to be allowed anything else; empty for root. */
export function userNamespaceFlags(): readonly string[] {
  return (userMapping() ?? ONE_USER).flags;
}

/**
 * In front of a command: runs it in the namespaces and the working directory of that process. Undefined when it is gone.
 * A user namespace that one is in already cannot be entered.
 */
export function enterNamespacesOf(pid: number): string[] | undefined {
  const userNamespace = (of: number | 'self') => readlinkSync(`/proc/${of}/ns/user`);
  try {
    const user = userNamespace(pid) === userNamespace('self') ? [] : ['--user', '--preserve-credentials'];
    return ['nsenter', ...user, '--pid', '--mount', '--net', '--wd', '--target', String(pid), '--'];
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
