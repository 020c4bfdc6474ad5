/** A minimal API server with the faults that a test needs, and a kubeconfig for it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { KubernetesApi } from '../../src/clusters/kubernetes/api.ts';

type Answer = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

/** Points KUBECONFIG at a file with this content until the test ends. */
export function kubeconfig(t: TestContext, content: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  const file = join(folder, 'config');
  if (content !== undefined) writeFileSync(file, content);
  const { KUBECONFIG, HOME } = process.env;
  process.env.KUBECONFIG = file;
  process.env.HOME = folder;
  t.after(() => {
    for (const [name, value] of Object.entries({ KUBECONFIG, HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });
  return file;
}

export function configFor(server: string): string {
  return `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "${server}", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: here, context: {cluster: c, user: u}}, {name: lost, context: {cluster: nowhere, user: u}}]
current-context: here
`;
}

/** A server on loopback that sends the given responses in order, and repeats the last one. */
export async function apiServer(t: TestContext, answers: Answer[]): Promise<{ api: KubernetesApi; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    seen.push(`${url.pathname}${url.search}`);
    answers[Math.min(seen.length, answers.length) - 1]?.(url, response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  kubeconfig(t, configFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  return { api: KubernetesApi.connect(), seen };
}
