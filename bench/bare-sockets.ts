/**
 * The least that a request mix costs in Node: connect and write when due, nothing else. Answers are ignored, except that the
 * first bytes end a fresh connection.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RequestMix, type RequestScenario, requestScenarios } from '../src/load/request-mix.ts';

const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);

interface Address {
  host: string;
  port: number;
}

/** Sends the mix for that long. Returns the number of requests sent. */
export async function bareSockets(requestMix: RequestMix, address: Address, seconds: number): Promise<number> {
  const startMs = performance.now();
  const sent = await Promise.all(
    requestScenarios(requestMix).map((scenario) => sendAll(scenario, address, startMs, seconds)),
  );
  return sent.reduce((sum, count) => sum + count, 0);
}

async function sendAll(scenario: RequestScenario, address: Address, startMs: number, seconds: number): Promise<number> {
  const { ratePerSecond, connections } = scenario;
  const request = textOf(scenario, address);
  const kept: Socket[] = [];
  if (scenario.connection === 'keep-alive') {
    for (let i = 0; i < connections; i++) kept.push(open(address, () => {}));
    await Promise.all(kept.map((socket) => once(socket, 'connect')));
  }
  const planned = Math.round(ratePerSecond * seconds);
  let sent = 0;
  while (sent < planned) {
    const waitMs = startMs + (sent * 1000) / ratePerSecond - performance.now();
    if (waitMs > 0) await delay(Math.ceil(waitMs));
    else (kept[sent++ % kept.length] ?? fresh(address)).write(request, 'latin1');
  }
  for (const socket of kept) socket.destroy();
  return sent;
}

function fresh(address: Address): Socket {
  const socket = open(address, () => socket.destroy());
  return socket;
}

function open({ host, port }: Address, onAnswer: () => void): Socket {
  const callback = () => {
    onAnswer();
    return true;
  };
  return connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback } });
}

function textOf({ method, path, body = '', connection }: RequestScenario, { host, port }: Address): string {
  return [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}:${port}`,
    `connection: ${connection === 'fresh' ? 'close' : 'keep-alive'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
