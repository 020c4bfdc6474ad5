/**
 * Runs a kubeconfig's exec plugin, which prints a credential. Nothing it prints is ever shown, it gets no terminal, and it
 * is killed with everything it started when it takes too long or prints too much.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { once } from 'node:events';
import type { Cluster } from '@kubernetes/client-node';
import * as z from 'zod';
import { EnvironmentError } from '../../errors.ts';
import { childrenOf } from '../../processes/children.ts';
import { type StartedProcess, signalIfAlive, startProcess } from '../../processes/process-group.ts';
import { rememberSecret } from '../../secrets.ts';
import { after, delay } from '../../timers.ts';
import type { Exec } from './kubeconfig.ts';

const LIMIT_MS = 10_000;
/** A credential has a few KB. */
const LARGEST_BYTES = 2 ** 20;
/** How long the output is waited for after the plugin has ended: what it started may hold the pipe open. */
const OUTPUT_AFTER_EXIT_MS = 500;
/** What a shell says of a command that is not there, or is no program. */
const NOT_STARTED: Record<number, string> = { 126: 'cannot be run', 127: 'is not there' };

const PrintedCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

export interface PluginCredential {
  token?: string;
  /** PEM. */
  certificate?: string;
  /** PEM. */
  key?: string;
  /** Epoch ms; undefined: as long as the program runs. */
  expiresMs?: number;
}

/** @throws EnvironmentError that names the plugin, and says what it did but not what it printed */
export async function runExecPlugin(exec: Exec, user: string, cluster: Cluster): Promise<PluginCredential> {
  const plugin = `the exec plugin ${exec.command} of user "${user}"`;
  const fail = (what: string) => new EnvironmentError(`${plugin} ${what}`);
  const env = { ...inherited(), ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])) };
  env.KUBERNETES_EXEC_INFO = JSON.stringify(execInfo(exec, cluster));
  const started = await startProcess([exec.command, ...(exec.args ?? [])], { env, fullPriority: true });
  const output = collect(started);
  const ended = await new Promise<Awaited<typeof started.exited> | 'too much' | 'late'>((resolve, reject) => {
    const limit = after(LIMIT_MS, () => resolve('late'));
    Promise.race([started.exited, output.tooMuch])
      .finally(() => limit.cancel())
      .then(resolve, reject);
  }).finally(() => kill(started));
  if (ended === 'late') throw fail(`has not ended after ${LIMIT_MS / 1000} s, and was killed`);
  if (ended === 'too much') throw fail(`printed more than ${LARGEST_BYTES / 2 ** 20} MB, and was killed`);
  await Promise.race([output.end, delay(OUTPUT_AFTER_EXIT_MS)]);
  started.stdout.destroy();
  started.stderr.destroy();
  if (ended.code !== 0) throw fail(ending(ended));
  return credential(output.text(), fail);
}

/** What it started may have left its group, so its children are killed one by one too. */
function kill(started: StartedProcess): void {
  for (const child of descendants(started.pid)) signalIfAlive(child, 'SIGKILL');
  started.killGroup();
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [...descendants(child), child]);
}

function collect({ stdout, stderr }: StartedProcess) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tooMuch = new Promise<'too much'>((resolve) => {
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LARGEST_BYTES) resolve('too much');
    };
    stderr.on('data', count);
    stdout.on('data', (chunk: Buffer) => {
      count(chunk);
      if (bytes <= LARGEST_BYTES) chunks.push(chunk);
    });
  });
  return { tooMuch, end: once(stdout, 'close'), text: () => Buffer.concat(chunks).toString() };
}

function ending({ code, signal }: { code: number | null; signal: NodeJS.Signals | null }): string {
  const unstarted = NOT_STARTED[code ?? 0];
  if (unstarted !== undefined) return `${unstarted} (exit code ${code})`;
  const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
  return `${how}; its output may hold credentials and is not shown: run it by hand`;
}

function credential(text: string, fail: (what: string) => EnvironmentError): PluginCredential {
  // Whatever it is: an error further on may quote it.
  if (text.length < 65_536) rememberSecret(text);
  const { status } = PrintedCredential.safeParse(parsed(text)).data ?? {};
  const token = status?.token?.trim();
  const { clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status ?? {};
  for (const secret of [token, key]) if (secret) rememberSecret(secret);
  if (!token && !(certificate && key)) {
    throw fail('printed no ExecCredential with a token or a certificate and its key; its output is not shown');
  }
  const expiresMs = Date.parse(expirationTimestamp ?? '');
  return {
    ...(token ? { token } : {}),
    ...(certificate && key ? { certificate, key } : {}),
    ...(Number.isNaN(expiresMs) ? {} : { expiresMs }),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // its error would quote the text
  }
}

function execInfo({ apiVersion, provideClusterInfo }: Exec, { server, caData, skipTLSVerify, tlsServerName }: Cluster) {
  const cluster = {
    server,
    ...(caData ? { 'certificate-authority-data': caData } : {}),
    ...(skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
  };
  return {
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(provideClusterInfo ? { cluster } : {}) },
  };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
