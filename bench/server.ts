/** A server under measurement: a process on a port of its own, until it is stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../src/manifests/overlays.ts';
import { type HeldPort, holdPort } from '../src/processes/ports.ts';
import { projectFile } from '../src/project-file.ts';
import { findRuntime } from '../src/trials/runtimes.ts';

export const HOST = '127.0.0.1';
const START_LIMIT_MS = 10_000;

export interface BenchServer {
  child: ChildProcess;
  port: number;
  /** SIGKILL, and waits until it has ended. */
  kill(): Promise<void>;
}

/** This project's app. */
export function ourCommand(runtime: Runtime): readonly string[] {
  return findRuntime(runtime).command;
}

/** A file of bench/servers or docs/conformance/servers, on a runtime. */
export function scriptCommand(runtime: Runtime, file: string): readonly string[] {
  const [binary = ''] = findRuntime(runtime).command;
  const flags = runtime === 'deno' ? ['run', '--no-prompt', '--allow-all', '--node-modules-dir=manual'] : [];
  return [binary, ...flags, projectFile(file)];
}

/** Starts it and waits until it answers. */
export async function startServer(
  [command = '', ...args]: readonly string[],
  env: Record<string, string> = {},
): Promise<BenchServer> {
  const held: HeldPort = await holdPort();
  const { port } = held;
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env, PORT: String(port), HOST },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.on('exit', killAtExit);
  const exited = once(child, 'exit');
  const endMs = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > endMs)
      throw new Error(`${[command, ...args].join(' ')} did not start`);
    await delay(10);
  }
  return {
    child,
    port,
    async kill() {
      child.kill('SIGKILL');
      await exited;
      process.off('exit', killAtExit);
      held.release();
    },
  };
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://${HOST}:${port}/`).then(
    async (response) => {
      await response.body?.cancel();
      return true;
    },
    () => false,
  );
}
