/** Misbehaving API servers, each a few lines of raw sockets, and kubeconfigs that point to them. */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { holdPort } from '../src/processes/ports.ts';

/** Used by every server and kubeconfig here; no output may contain them. */
export const TOKEN = 'hostile-Tk9-Zq81xWv3';
export const PASSWORD = 'hostile-Pw7-Yb52';

export interface KubeconfigParts {
  server: string;
  user?: object;
  cluster?: object;
}

function kubeconfigText({ server, user = { token: TOKEN }, cluster = {} }: KubeconfigParts): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'here',
  });
}

/** Writes a kubeconfig; returns the environment that points to it. */
export function kubeconfig(t: TestContext, parts: KubeconfigParts): { KUBECONFIG: string; HOME: string } {
  return environment(t, kubeconfigText(parts));
}

/** Connects within this process. @throws as KubernetesApi.connect */
export function connect(parts: KubeconfigParts | string): KubernetesApi {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-api-'));
  const file = join(folder, 'config');
  writeFileSync(file, typeof parts === 'string' ? parts : kubeconfigText(parts));
  const before = process.env.KUBECONFIG;
  process.env.KUBECONFIG = file;
  try {
    return KubernetesApi.connect();
  } finally {
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
    rmSync(folder, { recursive: true });
  }
}

export function environment(t: TestContext, kubeconfigText: string | Buffer): { KUBECONFIG: string; HOME: string } {
  const folder = temporaryFolder(t);
  const file = join(folder, 'config');
  writeFileSync(file, kubeconfigText);
  return { KUBECONFIG: file, HOME: folder };
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-api-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An exec plugin as a shell script. */
export function plugin(t: TestContext, script: string): string {
  const file = join(temporaryFolder(t), 'plugin');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A server that runs this for each connection. Returns its address. */
export async function rawServer(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the program has closed the connection
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return listening(t, server);
}

export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export async function httpServer(t: TestContext, answer: Answer): Promise<string> {
  const server = createHttpServer((request, response) => {
    response.on('error', () => {}); // the program has closed the connection
    answer(request, response, new URL(request.url ?? '', 'http://localhost'));
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return listening(t, server);
}

async function listening(t: TestContext, server: Server): Promise<string> {
  const { port, release } = await holdPort();
  t.after(release);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${port}`;
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Grants all permissions; returns whether the request was an access review. */
export function allows(response: ServerResponse, url: URL): boolean {
  if (!url.pathname.endsWith('accessreviews')) return false;
  json(response, { kind: 'SelfSubjectAccessReview', status: { allowed: true } }, 201);
  return true;
}
