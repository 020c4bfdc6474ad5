/** Registers what must not outlive this program with the warden, which cleans it up however this program ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { projectFile } from '../project-file.ts';

/** A process group to kill, or a folder to remove with its content. */
export type CleanupTarget = { group: number } | { folder: string };

let warden: ChildProcess | undefined;
/** Everything registered, as the lines that the warden gets. */
const cleanupTargets = new Set<string>();

/** Registers a target. The warden knows about it when this returns, except for what a full pipe holds back. */
export function registerForCleanup(target: CleanupTarget): void {
  const line = JSON.stringify(target);
  send(`+${line}`);
  cleanupTargets.add(line);
}

/** Call when the target no longer exists. */
export function unregisterFromCleanup(target: CleanupTarget): void {
  const line = JSON.stringify(target);
  cleanupTargets.delete(line);
  send(`-${line}`);
}

function send(line: string): void {
  warden ??= startWarden();
  (warden.stdin as Writable).write(`${line}\n`);
}

function startWarden(): ChildProcess {
  const started = spawn(process.execPath, [projectFile('dist/warden.js')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  const stdin = started.stdin as Writable & { unref(): void };
  // If somebody kills the warden, the next registration starts another one and repeats all cleanupTargets to it.
  stdin.on('error', () => {});
  started.on('exit', () => {
    if (warden === started) warden = undefined;
  });
  started.unref();
  stdin.unref();
  for (const line of cleanupTargets) stdin.write(`+${line}\n`);
  return started;
}
