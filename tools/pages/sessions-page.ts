/** docs/sessions.md: how sessions are measured, and what a rollout does to those of this project's app. */
import type { TrialResult } from '../../src/analysis/result.ts';
import { FIRST_RECONNECT_MS, LONGEST_RECONNECT_MS, STABLE_SESSION_MS } from '../../src/load/builtin/reconnect.ts';
import { DEFAULT_SESSIONS } from '../../src/load/request-settings.ts';
import { projectFile } from '../../src/project-file.ts';
import { rolledTitle } from '../../src/report/names.ts';
import { SESSION_HEAD, sessionRows } from '../../src/report/sessions.ts';
import { inColumnOrder } from '../../src/report/summary.ts';
import { readRun } from '../../src/results/read-run.ts';
import { GENERATED, paragraphs } from './markdown.ts';

const FOLDERS = { local: 'docs/results/sessions', kubernetes: 'docs/results/sessions-kubernetes' };

export function sessionsPage(): string {
  const trialsIn = (folder: string) => readRun(projectFile(folder)).trials;
  return renderSessions(trialsIn(FOLDERS.local), trialsIn(FOLDERS.kubernetes));
}

/** The page with these results. */
export function renderSessions(trials: readonly TrialResult[], onCluster: readonly TrialResult[]): string {
  return paragraphs([
    '# Sessions: event streams and WebSockets',
    GENERATED,
    'A **session** is an event stream (server-sent events, or any other response without an end) or a WebSocket. It has no end of its own, so every rollout ends it. What matters is how it ends, how long its client is without one, and how many clients come back at the same moment.',
    '## Measure yours',
    `\`\`\`sh
k8s-rollout-test run --scenario websocket --path /ws -- node server.js
k8s-rollout-test run --scenario events --path /events --sessions 500 -- node server.js
k8s-rollout-test run --scenario keep-alive,fresh,websocket --path /api --ws-path /ws -- node server.js
k8s-rollout-test compare --scenario events,websocket
\`\`\``,
    `The load holds ${DEFAULT_SESSIONS} sessions of each kind open (\`--sessions\`), each with a client of its own on a new connection. In a workload file, a scenario with sessions has no rate:`,
    `\`\`\`json
{ "name": "chat", "connection": "websocket", "path": "/ws", "connections": 500, "timeoutMs": 5000 }
\`\`\``,
    '`connection` is `events` or `websocket`, `connections` is the number of sessions, and `timeoutMs` is how long it may take to open one. k6 holds no sessions here: the builtin load does, on a cluster with `--url http://…`.',
    '## What is counted',
    [
      '- **In order**: the server sent a close frame (1000, 1001, 1012, no code, or a code of the application), or the last byte of a complete response: its last chunk, or the whole Content-Length.',
      '- **Cut**: everything else: a reset, an end of the connection without a close frame (clients call it 1006) or without the last chunk, a close frame with an error (1002 to 1011, 1014). A stream without chunks and without a length counts as cut when it ends, because its client cannot tell the two apart. A cut session is a failed request, with one of the [causes](causes.md).',
      '- **Not opened**: an attempt that failed. It is a failed request too.',
      '- **Lost per client**: how many sessions one client lost. A client that comes back to an old pod loses its session again.',
      '- **Without**: how long a client had no session in total, until it was open again.',
      '- **Reconnects/s**: the most attempts that one pod got within a second.',
      '- **Per pod after**: the fewest and the most sessions on one pod when the load stopped. Routers choose a pod for each new connection, and nobody moves an open session. So the first new pod may have the most.',
    ].join('\n'),
    `**When clients come back.** After a session that was open for at least ${STABLE_SESSION_MS / 1000} s, a client waits up to ${FIRST_RECONNECT_MS} ms, at random. After a failed attempt it waits ${FIRST_RECONNECT_MS} to ${2 * FIRST_RECONNECT_MS} ms, and twice as long after each further one, up to ${LONGEST_RECONNECT_MS / 1000} s. Real clients differ: EventSource waits a few seconds each time, or what \`retry:\` says, and WebSocket libraries have policies of their own. A slower client has a longer time without a session, and fewer reconnects per second.`,
    '## Why sessions are cut, and the fix',
    [
      '- **The server has no handler, or exits at once**: [no graceful shutdown](causes.md#no-graceful-shutdown).',
      '- **The server waits for its sessions**, as `server.close()` does: they never end, SIGKILL comes at the end of the grace period, and a longer grace period changes nothing. This is no graceful shutdown too.',
      '- **The server ends its sessions, but SIGKILL comes first**: [grace period too short](causes.md#grace-too-short).',
    ].join('\n'),
    'The fix is in the server. On SIGTERM it keeps serving for the drain delay, then stops listening and ends its sessions:',
    `\`\`\`js
server.close();
for (const socket of webSocketServer.clients) socket.close(1001, 'going away');
for (const response of eventStreams) response.end();
\`\`\``,
    'With [`serve`](recipes/node.md), do this when `server.lifecycle.stopping` is aborted. Problem 11 of [symptoms.md](symptoms.md) has what else helps against a storm of reconnects.',
    '## This app on the three runtimes',
    `\`npm run compare -- --scenario events,websocket --out DIR\` measured this ([result](results/sessions/result.json)). ${measurement(trials)} In the control no session ended.`,
    table(trials),
    [
      '- **valid**: the app ends its sessions after the drain delay, WebSockets with 1001 and event streams with their last chunk. The preStop sleep is longer than the rollout of three pods takes, so no client comes back to an old pod, and each loses one session.',
      '- **without pre stop**: without the hook and the drain delay, the app ends its sessions at once on SIGTERM. Clients come back while routers still send to that pod (not opened: [routing lag](causes.md#routing-lag)), or to a pod that is replaced next, and lose their session again.',
      '- **without grace period**: SIGKILL comes 2 s after SIGTERM, which is when the app begins to end its sessions.',
      '- **without graceful shutdown, broken**: the app has no handler. SIGKILL cuts every session on Node and Bun, and SIGTERM does on Deno.',
      '- **without replicas, broken**: no pod serves for some seconds. Then every client opens its session on the only pod.',
    ].join('\n'),
    '## The same on a real cluster',
    `Four variants on Node with ${clientsOf(onCluster)} sessions of each kind, from a machine to a NodePort of a cluster with two nodes, Kubernetes 1.34 and kube-proxy with iptables ([result](results/sessions-kubernetes/result.json)): \`npm run compare -- --on kubernetes --url 'http://NODE:{nodePort}' --scenario events,websocket --sessions ${clientsOf(onCluster)} --runtime node --variant valid,without-graceful-shutdown,without-grace-period,without-pre-stop --out DIR\`. What breaks sessions, and what does not, is the same as on the local cluster.`,
    table(onCluster),
  ]);
}

function clientsOf(trials: readonly TrialResult[]): number {
  return Object.values(trials[0]?.sessions ?? {})[0]?.clients ?? 0;
}

function measurement(trials: readonly TrialResult[]): string {
  const versions = new Map(trials.map(({ runtime, runtimeVersion }) => [runtime, runtimeVersion]));
  return `One rollout of each variant on the local cluster, with ${DEFAULT_SESSIONS} event streams and ${DEFAULT_SESSIONS} WebSockets; ${inColumnOrder(
    versions.keys(),
  )
    .map((runtime) => rolledTitle({ runtime, runtimeVersion: versions.get(runtime) ?? '' }))
    .join(', ')}.`;
}

function table(trials: readonly TrialResult[]): string {
  const rows = sessionRows(trials.filter(({ valid, variant }) => valid && variant !== 'control'));
  return [
    `| ${['variant, runtime, sessions', ...SESSION_HEAD.slice(1)].join(' | ')} |`,
    `| --- | ${SESSION_HEAD.slice(1)
      .map(() => '--:')
      .join(' | ')} |`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
