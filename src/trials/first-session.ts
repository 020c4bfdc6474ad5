/** Asks a server for one session, as the load will. */
import { Connection } from '../load/builtin/connection.ts';
import { EventStreamReader } from '../load/builtin/event-stream-reader.ts';
import { sessionText } from '../load/builtin/request-text.ts';
import { newWebSocketKey, WebSocketReader } from '../load/builtin/web-socket-reader.ts';
import type { SessionScenario } from '../load/request-mix.ts';
import { after } from '../timers.ts';

/** A response that is complete sooner is not a stream. */
const SHORTEST_STREAM_MS = 300;

interface Address {
  host: string;
  port: number;
  /** As in a target. */
  virtualHost?: string | undefined;
}

export type SessionAnswer =
  | { kind: 'opened' }
  /** A status that opens no session. */
  | { kind: 'status'; status: number }
  /** It was answered, but not with a session; `why` is a clause: "the response ends at once". */
  | { kind: 'no-session'; why: string }
  /** The name of an error, or "timeout". */
  | { kind: 'error'; name: string };

/** Opens one session and closes it. Never rejects; ends early when aborted. */
export function askForSession(
  { host, port, virtualHost }: Address,
  scenario: SessionScenario,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<SessionAnswer> {
  return new Promise<SessionAnswer>((resolve) => {
    const key = newWebSocketKey();
    let opened = false;
    const onOpen = () => {
      opened = true;
      // A WebSocket is open; a response may turn out to be a short one.
      if (scenario.connection === 'websocket') finish({ kind: 'opened' });
      else after(SHORTEST_STREAM_MS, () => finish({ kind: 'opened' }));
    };
    const reader =
      scenario.connection === 'events'
        ? new EventStreamReader(onOpen)
        : new WebSocketReader(key, { onOpen, write: (frame) => connection.write(frame) });
    const connection = new Connection(host, port, () => {}, reader);
    const abort = () => finish({ kind: 'error', name: 'aborted' });
    const timer = after(timeoutMs, () => finish({ kind: 'error', name: 'timeout' }));
    const finish = (answer: SessionAnswer) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      resolve(answer); // only the first call counts
      connection.abandon('asked', 'the question is answered');
    };
    signal.addEventListener('abort', abort, { once: true });
    const endpoint = { pod: { uid: '', name: '' }, host, port, reachable: true };
    connection.send(sessionText(scenario, { id: 'first-answer', endpoint, virtualHost }, key), ({ head, error }) => {
      if (error?.name === 'protocol')
        finish({ kind: 'no-session', why: `the answer is not HTTP/1.1: ${error.detail}` });
      else if (error) finish({ kind: 'error', name: error.name });
      else if (opened) finish({ kind: 'no-session', why: 'the response ends at once' });
      else finish({ kind: 'status', status: head?.status ?? 0 });
    });
  });
}
