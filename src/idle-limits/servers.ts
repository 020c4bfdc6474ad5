/** How long the HTTP servers of the runtimes keep an idle keep-alive connection by default. */

export interface ServerLimit {
  id: 'node' | 'bun' | 'deno';
  /** The runtime and its server: "Node (http)". */
  name: string;
  /** The version that was measured. */
  version: string;
  /** For how long it kept one idle connection, in ms; undefined if that was still open after `observedMs`. */
  closesAfterMs: number | undefined;
  observedMs: number;
  /** The `timeout` of the `Keep-Alive` header in its responses, in s; undefined if there is no such header. */
  announcedSeconds: number | undefined;
  /** What is known of other versions and limits. */
  note: string;
  /** The setting that changes it, as a statement that keeps connections for `seconds`. */
  setting(seconds: number): string;
}

/**
 * Measured by case 34 of `conform` with the servers hono-node, hono-bun and hono-deno, which leave the defaults
 * (`npm run conformance -- --case idle-limit`, docs/results/conformance.json).
 */
export const SERVERS: readonly ServerLimit[] = [
  {
    id: 'node',
    name: 'Node (http)',
    version: '26.10.0',
    closesAfterMs: 6000,
    observedMs: 70_000,
    announcedSeconds: 5,
    note: 'It closes one second later than it says (keepAliveTimeoutBuffer, since 24.6). Node without the buffer closes after 5 s. The default of keepAliveTimeout becomes 65 s in a later version than 26.10 (nodejs/node#62782). A framework may set its own.',
    setting: (seconds) => `server.keepAliveTimeout = ${seconds * 1000}`,
  },
  {
    id: 'bun',
    name: 'Bun (Bun.serve)',
    version: '1.4.5',
    closesAfterMs: 12_000,
    observedMs: 70_000,
    announcedSeconds: undefined,
    note: 'The default of idleTimeout is 10 s. It can be at most 255 s; 0 turns the limit off. A server of node:http on Bun closed after 6 s and said 5 s, as on Node.',
    setting: (seconds) => `Bun.serve({ idleTimeout: ${seconds > 255 ? 0 : seconds} })`,
  },
  {
    id: 'deno',
    name: 'Deno (Deno.serve)',
    version: '2.9.6',
    closesAfterMs: undefined,
    observedMs: 70_000,
    announcedSeconds: undefined,
    note: 'It has no setting for the limit (denoland/deno#32497).',
    setting: () => 'nothing to set',
  },
];

/** @throws Error if there is no such server */
export function serverLimit(id: ServerLimit['id']): ServerLimit {
  const server = SERVERS.find((candidate) => candidate.id === id);
  if (!server) throw new Error(`no server has the id "${id}"`);
  return server;
}
