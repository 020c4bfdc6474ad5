/** What must not outlive this program is put in the care of the warden, which ends it however this program ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { projectFile } from '../project-file.ts';

/** A process group, or a folder with everything in it. */
export type Charge = { group: number } | { folder: string };

let warden: ChildProcess | undefined;
/** What is in its care, as it is told. */
const charges = new Set<string>();

/** The warden knows of it before this returns, but for what a full pipe holds back. */
export function takeIntoCare(charge: Charge): void {
  const line = JSON.stringify(charge);
  tell(`+${line}`);
  charges.add(line);
}

/** It has ended. */
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
  // Should somebody end it, another one takes its place, which is told of everything again.
  stdin.on('error', () => {});
  started.on('exit', () => {
    if (warden === started) warden = undefined;
  });
  started.unref();
  stdin.unref();
  for (const line of charges) stdin.write(`+${line}\n`);
  return started;
}
