/** Registers what must not outlive this program with the warden, which cleans it up however this program ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { projectFile } from '../project-file.ts';

/** A process group to kill, or a folder to remove with its content. */
export type Charge = { group: number } | { folder: string };

let warden: ChildProcess | undefined;
/** Everything registered, as the lines that the warden gets. */
const charges = new Set<string>();

/** Registers a charge. The warden knows about it when this returns, except for what a full pipe holds back. */
export function takeIntoCare(charge: Charge): void {
  const line = JSON.stringify(charge);
  tell(`+${line}`);
  charges.add(line);
}

/** Call when the charge no longer exists. */
export function releaseFromCare(charge: Charge): void {
  const line = JSON.stringify(charge);
  charges.delete(line);
  tell(`-${line}`);
}

function tell(line: string): void {
  warden ??= startWarden();
  (warden.stdin as Writable).write(`${line}\n`);
}

function startWarden(): ChildProcess {
  const started = spawn(process.execPath, [projectFile('dist/warden.js')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  const stdin = started.stdin as Writable & { unref(): void };
  // If somebody kills the warden, the next registration starts another one and repeats all charges to it.
  stdin.on('error', () => {});
  started.on('exit', () => {
    if (warden === started) warden = undefined;
  });
  started.unref();
  stdin.unref();
  for (const line of charges) stdin.write(`+${line}\n`);
  return started;
}
