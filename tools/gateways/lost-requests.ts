/** What a client gets if a gateway's connection to a server ends as the request is sent on it. */
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { holdPort } from '../../src/processes/ports.ts';
import { CLOSED, type MeasuredLost } from './idle-result.ts';
import { HOST, throughGateway } from './lone-gateway.ts';

const TRIES = 20;
const METHODS = ['GET', 'POST'] as const;
type Method = (typeof METHODS)[number];

export async function lostRequests(name: string): Promise<MeasuredLost[]> {
  const server = await forgetfulServer();
  try {
    return await throughGateway(name, server.port, async ({ port, version }) => {
      const results: MeasuredLost[] = [];
      for (const method of METHODS) {
        const outcomes: Record<string, number> = {};
        for (let tries = 0; tries < TRIES; tries++) {
          const outcome = await oneTry(method, port, server);
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }
        results.push({ gateway: name, version, method, outcomes });
      }
      return results;
    });
  } finally {
    server.close();
  }
}

/**
 * One request on a connection of the client's that has carried one before, so that HAProxy reuses its own too.
 * @returns the status, or CLOSED
 * @throws Error if the gateway sent it on a new connection, which shows nothing
 */
async function oneTry(method: Method, port: number, server: ForgetfulServer): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await send('POST', port, agent);
    const ended = server.forget();
    const outcome = await send(method, port, agent);
    if (ended() === 0) throw new Error(`a ${method} was not sent on a used connection`);
    return outcome;
  } finally {
    server.remember();
    agent.destroy();
  }
}

async function send(method: Method, port: number, agent: Agent): Promise<string> {
  const outgoing = request({ host: HOST, port, method, agent });
  outgoing.end(method === 'POST' ? 'body' : undefined);
  try {
    const [response] = await once(outgoing, 'response');
    response.resume();
    await once(response, 'end');
    return String(response.statusCode);
  } catch {
    return CLOSED;
  }
}

type ForgetfulServer = Awaited<ReturnType<typeof forgetfulServer>>;

/** A server that, once told to, closes each connection that has carried a request when the next one comes on it. */
async function forgetfulServer() {
  let forgets = false;
  let ended = 0;
  const used = new WeakSet<object>();
  const server = createServer((incoming, response) => {
    const { socket } = incoming;
    if (forgets && used.has(socket)) {
      ended++;
      socket.destroy();
      return;
    }
    used.add(socket);
    incoming.resume().on('end', () => response.end('ok'));
  });
  server.keepAliveTimeout = 0;
  const held = await holdPort();
  server.listen(held.port, HOST);
  await once(server, 'listening');
  return {
    port: held.port,
    /** @returns how many connections it has ended since */
    forget() {
      forgets = true;
      const before = ended;
      return () => ended - before;
    },
    remember() {
      forgets = false;
    },
    close() {
      server.closeAllConnections();
      server.close();
      held.release();
    },
  };
}
