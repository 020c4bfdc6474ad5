/**
 * Reads the kubeconfig as kubectl does, and remembers every secret in it before anything can print it. What the
 * kubeconfig refers to is read later: certificates and keys by current-context.ts, token files and exec plugins by
 * `Credentials`.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { type Cluster, KubeConfig, loadYaml, type User } from '@kubernetes/client-node';
import * as z from 'zod';
import { EnvironmentError } from '../../errors.ts';
import { firstIssue } from '../../schema-issue.ts';
import { rememberSecret } from '../../secrets.ts';
import { readCredentialFile } from './credential-file.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

const Text = z.string().nullish();
/** An exec plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuration */
export const Exec = z.looseObject({
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  apiVersion: Text,
  provideClusterInfo: z.boolean().nullish(),
});
export type Exec = z.infer<typeof Exec>;

const UserEntry = z.looseObject({
  token: Text,
  tokenFile: Text,
  username: Text,
  password: Text,
  as: Text,
  'client-certificate': Text,
  'client-certificate-data': Text,
  'client-key': Text,
  'client-key-data': Text,
  exec: Exec.nullish(),
  'auth-provider': z.looseObject({ name: z.string(), config: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});
const ClusterEntry = z.looseObject({
  server: z.string().min(1),
  'certificate-authority': Text,
  'certificate-authority-data': Text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': Text,
  'proxy-url': Text,
});
const entries = <T extends z.ZodRawShape>(shape: T) => z.array(z.looseObject({ name: z.string(), ...shape })).nullish();
const File = z.looseObject({
  'current-context': Text,
  clusters: entries({ cluster: ClusterEntry.nullish() }),
  users: entries({ user: UserEntry.nullish() }),
  contexts: entries({
    context: z.looseObject({ cluster: Text, user: Text, namespace: Text }).nullish(),
  }),
});
type File = z.infer<typeof File>;

export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A user of a kubeconfig, with the fields that client-node does not have. */
export interface PreparedUser extends User {
  tokenFile?: string;
  exec?: Exec;
}

export interface Kubeconfig {
  config: KubeConfig;
  /** The files that were read, in order of precedence; empty within a pod. */
  files: readonly string[];
}

/**
 * Reads KUBECONFIG, ~/.kube/config, or a pod's service account.
 * @throws EnvironmentError if there is no kubeconfig, or if it is malformed
 */
export function readKubeconfig(): Kubeconfig {
  const files = kubeconfigFiles();
  const config = new KubeConfig();
  if (files.length > 0) {
    config.loadFromOptions(merged(files.map((file) => options(file, readFile(file)))));
    return { config, files };
  }
  if (!existsSync(join(SERVICE_ACCOUNT, 'token'))) {
    throw new EnvironmentError('no kubeconfig: set KUBECONFIG, or create ~/.kube/config as described for your cluster');
  }
  config.loadFromCluster();
  const user = config.getCurrentUser() as PreparedUser;
  delete (user as { authProvider?: unknown }).authProvider;
  user.tokenFile = join(SERVICE_ACCOUNT, 'token');
  return { config, files };
}

/** The existing kubeconfig files, in order of precedence. */
function kubeconfigFiles(): string[] {
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter(Boolean);
  return (named.length > 0 ? named : [join(homedir(), '.kube', 'config')]).filter((file) => existsSync(file));
}

/** Reads one file. Neither its error nor the error's cause quotes the content. */
function readFile(file: string): File {
  const bad = (why: string) => new EnvironmentError(`${file}: not a kubeconfig: ${why}`);
  let text: string;
  try {
    text = readCredentialFile(file).toString();
  } catch (error) {
    throw bad((error as Error).message);
  }
  let content: unknown;
  try {
    content = loadYaml(text);
  } catch (error) {
    const { mark } = error as { mark?: { line: number } };
    throw bad(mark === undefined ? 'it is empty' : `YAML error in line ${mark.line + 1}`);
  }
  const read = File.safeParse(content);
  if (read.success) return read.data;
  throw bad(firstIssue(read.error));
}

interface Options {
  clusters: Cluster[];
  users: PreparedUser[];
  contexts: { name: string; cluster: string; user: string; namespace?: string }[];
  currentContext: string;
}

/** Converts the file to the form that client-node expects. Paths in a kubeconfig are relative to its folder. */
function options(file: string, content: File): Options {
  const at = (path: string) => (isAbsolute(path) ? path : join(dirname(file), path));
  return {
    clusters: (content.clusters ?? []).flatMap(({ name, cluster }) => (cluster ? [clusterOf(name, cluster, at)] : [])),
    users: (content.users ?? []).map(({ name, user }) => userOf(name, user ?? {}, at)),
    contexts: (content.contexts ?? []).map(({ name, context }) => ({
      name,
      cluster: context?.cluster ?? '',
      user: context?.user ?? '',
      ...(context?.namespace ? { namespace: context.namespace } : {}),
    })),
    currentContext: content['current-context'] ?? '',
  };
}

type At = (path: string) => string;

function clusterOf(name: string, entry: z.infer<typeof ClusterEntry>, at: At): Cluster {
  const { 'certificate-authority': caFile, 'certificate-authority-data': caData, 'proxy-url': proxyUrl } = entry;
  for (const url of [entry.server, proxyUrl ?? '']) rememberUrl(url);
  return {
    name,
    server: entry.server.trim().replace(/\/+$/, ''),
    skipTLSVerify: entry['insecure-skip-tls-verify'] === true,
    ...(entry['tls-server-name'] ? { tlsServerName: entry['tls-server-name'] } : {}),
    ...(proxyUrl ? { proxyUrl } : {}),
    ...(caData ? { caData } : caFile ? { caFile: at(caFile) } : {}),
  };
}

/** Remembers the password in a URL as it is written, because the text may not be a valid URL. */
function rememberUrl(url: string): void {
  const [, password] = /^[^/]*\/\/[^:@]*:(.*)@/.exec(url) ?? [];
  if (password === undefined) return;
  rememberSecret(password);
  rememberSecret(decoded(password));
}

function userOf(name: string, entry: z.infer<typeof UserEntry>, at: At): PreparedUser {
  const { token, tokenFile, username, password, as, exec, 'auth-provider': authProvider } = entry;
  const { 'client-certificate': certFile, 'client-certificate-data': certData } = entry;
  const { 'client-key': keyFile, 'client-key-data': keyData } = entry;
  for (const secret of [token, password, keyData, keyData && Buffer.from(keyData, 'base64').toString()]) {
    if (secret) rememberSecret(secret);
  }
  for (const [key, value] of Object.entries(authProvider?.config ?? {})) {
    if (/token|secret/.test(key) && typeof value === 'string') rememberSecret(value);
  }
  for (const { name, value } of exec?.env ?? [])
    if (/token|secret|password|key|credential/i.test(name)) rememberSecret(value);
  return {
    name,
    ...(token?.trim() ? { token: token.trim() } : {}),
    ...(tokenFile ? { tokenFile: at(tokenFile) } : {}),
    ...(username ? { username, password: password ?? '' } : {}),
    ...(as ? { impersonateUser: as } : {}),
    ...(certData ? { certData } : certFile ? { certFile: at(certFile) } : {}),
    ...(keyData ? { keyData } : keyFile ? { keyFile: at(keyFile) } : {}),
    ...(exec ? { exec: { ...exec, command: exec.command.includes('/') ? at(exec.command) : exec.command } } : {}),
    ...(authProvider ? { authProvider } : {}),
  };
}

/** Merges several files. Like kubectl, takes the first entry of each name. */
function merged(all: readonly Options[]): Options {
  return {
    clusters: firstOfName(all.flatMap(({ clusters }) => clusters)),
    users: firstOfName(all.flatMap(({ users }) => users)),
    contexts: firstOfName(all.flatMap(({ contexts }) => contexts)),
    currentContext: all.find(({ currentContext }) => currentContext)?.currentContext ?? '',
  };
}

function firstOfName<T extends { name: string }>(entries: readonly T[]): T[] {
  const first = new Map<string, T>();
  for (const entry of entries) if (!first.has(entry.name)) first.set(entry.name, entry);
  return [...first.values()];
}

/** Decodes the user name or password of a URL. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a literal percent sign
  }
}
