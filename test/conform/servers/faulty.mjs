/**
 * The graceful server with one fault, by its name:
 *
 *   PORT=8080 node faulty.mjs ignores-sigterm
 */
import { spawn } from 'node:child_process';
import { serve } from './graceful.mjs';

const FAULTS = {
  none: {},
  'ignores-sigterm': { signals: [], onStart: () => process.on('SIGTERM', () => {}) },
  'drains-on-sigquit': { signals: ['SIGQUIT', 'SIGINT'], onStart: () => process.on('SIGTERM', () => process.exit(1)) },
  'exits-with-143': { exitCode: 143 },
  lingers: { lingersMs: 4000, deadlineMs: 5500 },
  'dies-of-sigint': { signals: ['SIGTERM'], onStart: () => process.on('SIGINT', () => process.exit(130)) },
  'dies-of-a-second-signal': { onSecondSignal: () => process.exit(1) },
  'handler-comes-late': { handlerAfterMs: 800 },
  // The shell ends at once, and its child is the server's from then on.
  'leaves-zombies': { onStart: () => spawn('sh', ['-c', 'sleep 0.1 &'], { stdio: 'ignore' }) },
  'does-not-wait-for-requests': { waitsForWork: false },
  'ends-silent-requests': { timeoutMs: 10_000 },
  'cuts-uploads-at-sigterm': { onSignal: ({ uploads }) => destroyAll(uploads) },
  'cuts-uploads-when-it-stops': { onStop: ({ uploads }) => destroyAll(uploads) },
  'cuts-streams': { onStop: ({ streams }) => destroyAll(streams) },
  'closes-after-each-response': {
    announcesFromMs: Number.POSITIVE_INFINITY,
    onResponse(server, request, response) {
      response.on('finish', () => server.drainingSinceMs !== undefined && request.socket.destroySoon());
    },
  },
  'closes-connections-without-a-request': {
    onSignal({ sockets, active }) {
      const busy = new Set([...active].map((response) => response.socket));
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
    },
  },
  'stops-at-once': { drainMs: 0 },
  'closes-idle-connections-soon': { keepAliveMs: 500 },
  'closes-before-it-says': { keepAliveMs: 500, announcedKeepAlive: 'timeout=5' },
  'keeps-no-connection': { alwaysCloses: true },
  'waits-for-idle-connections': { endsIdleConnections: false },
  'waits-for-silent-connections': { endsSilentConnections: false },
  'announces-nothing': { announcesFromMs: Number.POSITIVE_INFINITY },
  'announces-late': { announcesFromMs: 650 },
  'waits-for-clients-to-close': {
    announcesFromMs: Number.POSITIVE_INFINITY,
    endsIdleConnections: false,
    deadlineMs: Number.POSITIVE_INFINITY,
  },
  'readiness-stays': { readinessTurns: false },
  'never-closes-its-port': { closesListener: false },
  'terminates-web-sockets': { endsWebSocket: (socket) => socket.terminate() },
  'forgets-that-web-sockets-closed': { countsClosedWebSocketsOut: false },
  'waits-for-web-sockets': { deadlineMs: Number.POSITIVE_INFINITY },
  'leaves-event-streams-open': { endsEventStreams: false },
  'no-deadline': { deadlineMs: Number.POSITIVE_INFINITY },
  'exits-with-0-at-its-deadline': { deadlineExitCode: 0 },
  'fails-when-clients-abort': {
    onAbort({ drainingSinceMs }) {
      if (drainingSinceMs !== undefined) throw new Error('the client is gone');
    },
  },
};

function destroyAll(responses) {
  for (const response of responses) response.socket?.destroy();
}

const [name = 'none'] = process.argv.slice(2);
if (!(name in FAULTS)) throw new Error(`no fault "${name}"; there are ${Object.keys(FAULTS).join(', ')}`);
serve(FAULTS[name]);
