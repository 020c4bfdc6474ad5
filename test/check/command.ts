/** Runs the built program as a user would. */
import { spawn } from 'node:child_process';
import { projectFile } from '../../src/project-file.ts';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  input?: string;
  env?: Record<string, string>;
}

/** Kills the program and fails after `deadlineMs`. */
export function run(args: readonly string[], { input = '', env = {} }: RunOptions = {}, deadlineMs = 60_000) {
  const { NO_COLOR: _, FORCE_COLOR: __, ...others } = process.env;
  const child = spawn(process.execPath, [projectFile('dist/cli.js'), ...args], { env: { ...others, ...env } });
  return new Promise<Outcome>((resolve, reject) => {
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${args.join(' ')} did not end within ${deadlineMs} ms: ${outcome.stderr}`));
    }, deadlineMs);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      outcome.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      outcome.stderr += text;
    });
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ ...outcome, code });
    });
    child.stdin.on('error', () => {}); // the program may have rejected its input before reading all of it
    child.stdin.end(input);
  });
}
