/** Prepares the cluster and the user of a kubeconfig's current context. */
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { EnvironmentError, InputError } from '../../errors.ts';
import { rememberSecret } from '../../secrets.ts';
import { readCredentialFile } from './credential-file.ts';
import { decoded, type PreparedUser, type Writable } from './kubeconfig.ts';

const LOGINS = ['token', 'tokenFile', 'exec', 'authProvider', 'username', 'password'] as const;

/**
 * Prepares the current context's cluster and user for the client library.
 * @throws InputError for an unknown user; EnvironmentError for a malformed address, an unreadable file, or a kind of
 * login that Kubernetes no longer supports
 */
export function prepareContext(config: KubeConfig, files: readonly string[]): PreparedUser {
  const where = files.join(', ');
  // client-node returns its own objects and reads their fields at every call.
  const cluster = config.getCurrentCluster() as Writable<Cluster>;
  const user = currentUser(config);
  const url = serverUrl(cluster, where);
  if (url.username !== '' || url.password !== '') {
    // Like Go's HTTP client, and so kubectl: credentials in the address are sent instead of any other login.
    for (const login of ['token', 'tokenFile', 'exec', 'authProvider'] as const) delete user[login];
    Object.assign(user, { username: decoded(url.username), password: decoded(url.password) });
    rememberSecret(`${user.username}:${user.password}`);
    url.username = '';
    url.password = '';
    cluster.server = url.href.replace(/\/+$/, '');
  } else if (url.protocol === 'http:' && !cluster.skipTLSVerify) {
    // Like kubectl, for example with `kubectl proxy`: no login is sent without encryption.
    for (const login of LOGINS) delete user[login];
  }
  // Without TLS there is no certificate to verify, but client-node requires this setting.
  if (url.protocol === 'http:') cluster.skipTLSVerify = true;
  if (user.authProvider && user.authProvider.name !== 'oidc') {
    throw new EnvironmentError(
      `${where}: user "${user.name}" logs in with auth-provider "${user.authProvider.name}", which Kubernetes 1.26 removed: use an exec plugin`,
    );
  }
  try {
    inline(cluster, 'caFile', 'caData');
    inline(user, 'certFile', 'certData');
    inline(user, 'keyFile', 'keyData');
  } catch (error) {
    throw new EnvironmentError(`${where}: ${(error as Error).message}`);
  }
  return user;
}

/** The context's user. If it names none, a user without a login, because client-node uses no CA without a user. */
function currentUser(config: KubeConfig): Writable<PreparedUser> {
  const user = config.getCurrentUser();
  if (user) return user;
  const context = config.getContextObject(config.getCurrentContext()) as Writable<{ user: string }>;
  if (context.user !== '') {
    throw new InputError(
      `context "${config.getCurrentContext()}" names the user "${context.user}", which is not in the kubeconfig`,
    );
  }
  context.user = 'nobody';
  const nobody = { name: context.user };
  config.addUser(nobody);
  return nobody;
}

function serverUrl({ name, server }: Cluster, where: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  // Do not quote the address: a malformed one may contain a password anywhere.
  throw new EnvironmentError(`${where}: the server of cluster "${name}" must be an address that begins with https://`);
}

/** Replaces a field that names a file by the field that holds its content. */
function inline<F extends string, D extends string>(entry: { [K in F | D]?: string }, file: F, data: D): void {
  const path = entry[file];
  if (path === undefined) return;
  const content = readCredentialFile(path);
  if (file === 'keyFile') rememberSecret(content.toString());
  entry[data] = content.toString('base64') as (typeof entry)[D];
  delete entry[file];
}
