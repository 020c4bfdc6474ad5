/**
 * Runs a kubeconfig's exec plugin, which prints a credential. Its output is never shown, it gets no terminal, and it is
 * killed with all its descendants if it takes too long or prints too much.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import type { Cluster } from '@kubernetes/client-node';
import * as z from 'zod';
import { EnvironmentError } from '../../errors.ts';
import { runProgram } from '../../processes/external-program.ts';
import { rememberSecret } from '../../secrets.ts';
import type { Exec } from './kubeconfig.ts';

/** A credential has a few KB. */
const LIMITS = { limitMs: 10_000, maxOutputBytes: 2 ** 20 };

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
  /** Epoch ms; undefined: valid as long as the program runs. */
  expiresMs?: number;
}

/** @throws EnvironmentError that names the plugin and says how it failed, without its output */
export async function runExecPlugin(exec: Exec, user: string, cluster: Cluster): Promise<PluginCredential> {
  const plugin = `the exec plugin ${exec.command} of user "${user}"`;
  const fail = (what: string) => new EnvironmentError(`${plugin} ${what}`);
  const env = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  env.KUBERNETES_EXEC_INFO = JSON.stringify(execInfo(exec, cluster));
  const command = [exec.command, ...(exec.args ?? [])];
  const { stdout, notFound, failure, exceeded } = await runProgram(command, { ...LIMITS, env });
  // A script also exits with 127 if a program that it calls is missing.
  if (notFound) throw fail('was not found, or calls a program that was not found: install it, or fix the kubeconfig');
  if (exceeded) throw fail(`${failure}, and was killed`);
  if (failure) throw fail(`${failure}; its output may contain credentials and is not shown: run it by hand`);
  return credential(stdout, fail);
}

function credential(text: string, fail: (what: string) => EnvironmentError): PluginCredential {
  // Remember the whole output, whatever it is, because a later error may quote it.
  if (text.length < 65_536) rememberSecret(text);
  const { status } = PrintedCredential.safeParse(parsed(text)).data ?? {};
  const token = status?.token?.trim();
  const { clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status ?? {};
  for (const secret of [token, key]) if (secret) rememberSecret(secret);
  if (!token && !(certificate && key)) {
    throw fail(
      'did not print an ExecCredential with a token, or with a certificate and its key; its output is not shown',
    );
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
    return undefined; // the parser's error would quote the text
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
