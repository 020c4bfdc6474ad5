/**
 * The login of the current context's user. It is renewed during the run, if it comes from a token file or an exec
 * plugin.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { rememberSecret } from '../../secrets.ts';
import { delay } from '../../timers.ts';
import { readCredentialFile } from './credential-file.ts';
import { type PluginCredential, runExecPlugin } from './exec-plugin.ts';
import type { PreparedUser, Writable } from './kubeconfig.ts';

/** How often a token file is read; the same as in client-go. */
const TOKEN_FILE_PERIOD_MS = 60_000;
/** A credential is renewed this long before it expires, because the API server's clock may be ahead. */
const BEFORE_EXPIRY_MS = 10_000;
/** The limit for the client library's own request to an OIDC provider. */
const LOGIN_LIMIT_MS = 8000;

export class Credentials {
  readonly #config: KubeConfig;
  /**
   * client-node reads this object at every call. The fields that would make it run a plugin or read a file are removed.
   */
  readonly #user: Writable<PreparedUser>;
  readonly #exec: PreparedUser['exec'];
  readonly #tokenFile: string | undefined;
  #validUntilMs = 0;
  /** Shared by concurrent calls, because a plugin may open a browser or lock a file. */
  #running: Promise<void> | undefined;

  constructor(config: KubeConfig, user: PreparedUser) {
    this.#config = config;
    this.#user = user;
    // As in client-go, a token takes precedence over a plugin, and a token file over both.
    this.#tokenFile = user.tokenFile;
    this.#exec = user.token === undefined && user.tokenFile === undefined ? user.exec : undefined;
    delete user.tokenFile;
    delete user.exec;
  }

  /**
   * Renews the login if necessary, then lets the client library add it to a request.
   * @throws EnvironmentError if no login can be obtained
   */
  async give(apply: () => Promise<void>): Promise<void> {
    if (Date.now() >= this.#validUntilMs) {
      this.#running ??= this.#refresh().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
    if (!this.#user.authProvider) return apply();
    const limit = new AbortController();
    const late = delay(LOGIN_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`it did not answer within ${LOGIN_LIMIT_MS / 1000} s`);
    });
    try {
      await Promise.race([apply(), late]);
    } catch (error) {
      const message = `user "${this.#user.name}": cannot log in with its auth-provider: ${(error as Error).message}`;
      throw new EnvironmentError(printable(message), { cause: error });
    } finally {
      late.catch(() => {}); // aborted
      limit.abort();
    }
  }

  /** Call when the API server rejects the login: the next call gets a new one. */
  refused(): void {
    if (this.#exec) this.#validUntilMs = 0;
  }

  async #refresh(): Promise<void> {
    if (this.#tokenFile !== undefined) this.#readTokenFile(this.#tokenFile);
    else if (this.#exec) await this.#runPlugin(this.#exec);
    else this.#validUntilMs = Number.POSITIVE_INFINITY;
  }

  #readTokenFile(path: string): void {
    let token: string;
    try {
      token = readCredentialFile(path).toString().trim();
    } catch (error) {
      throw new EnvironmentError(`user "${this.#user.name}": ${(error as Error).message}`);
    }
    rememberSecret(token);
    this.#user.token = token;
    this.#validUntilMs = Date.now() + TOKEN_FILE_PERIOD_MS;
  }

  async #runPlugin(exec: NonNullable<PreparedUser['exec']>): Promise<void> {
    const cluster = this.#config.getCurrentCluster();
    if (!cluster) return;
    const { token, certificate, key, expiresMs }: PluginCredential = await runExecPlugin(
      exec,
      this.#user.name,
      cluster,
    );
    if (token !== undefined) this.#user.token = token;
    if (certificate !== undefined && key !== undefined) {
      this.#user.certData = Buffer.from(certificate).toString('base64');
      this.#user.keyData = Buffer.from(key).toString('base64');
    }
    this.#validUntilMs = expiresMs === undefined ? Number.POSITIVE_INFINITY : expiresMs - BEFORE_EXPIRY_MS;
  }
}
