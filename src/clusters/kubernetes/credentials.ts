/** The login of the current context's user, as it is at each call: a token file or an exec plugin gives another one in time. */
import type { KubeConfig } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { rememberSecret } from '../../secrets.ts';
import { delay } from '../../timers.ts';
import { readCredentialFile } from './credential-file.ts';
import { type PluginCredential, runExecPlugin } from './exec-plugin.ts';
import type { PreparedUser, Writable } from './kubeconfig.ts';

/** How often a token file is read, as by client-go. */
const TOKEN_FILE_PERIOD_MS = 60_000;
/** A credential is not used in its last moments: the API server's clock may be ahead. */
const BEFORE_EXPIRY_MS = 10_000;
/** The client library itself asks an OIDC provider for another token. */
const LOGIN_LIMIT_MS = 8000;

export class Credentials {
  readonly #config: KubeConfig;
  /** client-node reads it at every call. What it would run or read by itself is taken out. */
  readonly #user: Writable<PreparedUser>;
  readonly #exec: PreparedUser['exec'];
  readonly #tokenFile: string | undefined;
  #validUntilMs = 0;
  /** One for all calls at a time: a plugin may open a browser, or lock a file. */
  #running: Promise<void> | undefined;

  constructor(config: KubeConfig, user: PreparedUser) {
    this.#config = config;
    this.#user = user;
    // A token counts before a plugin, and a token file before both, as for client-go.
    this.#tokenFile = user.tokenFile;
    this.#exec = user.token === undefined && user.tokenFile === undefined ? user.exec : undefined;
    delete user.tokenFile;
    delete user.exec;
  }

  /**
   * Lets the client library put the login into a request.
   * @throws EnvironmentError when the login cannot be had
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

  /** The API server refuses the login: the next call gets a new one. */
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
