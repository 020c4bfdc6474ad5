/** A small server that ends as it should, out of parts that faulty.mjs replaces one at a time. */
import { createServer } from 'node:http';
import net from 'node:net';
import { WebSocketServer } from 'ws';

/** The part of each of these is what its name says; all times in ms. */
export const GRACEFUL = {
  drainMs: 700,
  keepAliveMs: 60_000,
  announcedKeepAlive: undefined,
  deadlineMs: 4500,
  handlerAfterMs: 0,
  signals: ['SIGTERM', 'SIGINT'],
  exitCode: 0,
  deadlineExitCode: 1,
  timeoutMs: 0,
  announcesFromMs: 0,
  readinessTurns: true,
  alwaysCloses: false,
  closesListener: true,
  endsIdleConnections: true,
  endsSilentConnections: true,
  endsWebSocket: (socket) => socket.close(1001),
  countsClosedWebSocketsOut: true,
  endsEventStreams: true,
  waitsForWork: true,
  lingersMs: 0,
  onSignal: (_context) => {},
  onStop: (_context) => {},
  onSecondSignal: () => {},
  onResponse: (_context, _request, _response) => {},
  onAbort: (_context) => {},
  onStart: () => {},
};

export function serve(parts) {
  const server = new GracefulServer({ ...GRACEFUL, ...parts });
  server.listen(Number(process.env.PORT), process.env.HOST);
}

class GracefulServer {
  drainingSinceMs;
  stopped = false;
  sockets = new Set();
  active = new Set();
  uploads = new Set();
  streams = new Set();
  events = new Set();
  webSockets = new Set();

  constructor(parts) {
    this.parts = parts;
    this.http = createServer({ keepAliveTimeout: parts.keepAliveMs }, (request, response) =>
      this.#handle(request, response),
    );
    this.http.timeout = parts.timeoutMs;
    this.http.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    const upgrades = new WebSocketServer({ noServer: true });
    this.http.on('upgrade', (request, socket, head) => {
      if (request.url !== '/ws') return socket.destroy();
      upgrades.handleUpgrade(request, socket, head, (webSocket) => {
        this.webSockets.add(webSocket);
        webSocket.on('close', () => parts.countsClosedWebSocketsOut && this.webSockets.delete(webSocket));
      });
    });
  }

  listen(port, host) {
    const installHandlers = () => {
      for (const signal of this.parts.signals) process.on(signal, () => this.#onSignal());
    };
    if (this.parts.handlerAfterMs === 0) installHandlers();
    this.http.listen(port, host, () => {
      if (this.parts.handlerAfterMs > 0) setTimeout(installHandlers, this.parts.handlerAfterMs);
      this.parts.onStart();
    });
  }

  #handle(request, response) {
    const { parts } = this;
    this.active.add(response);
    response.on('close', () => {
      for (const set of [this.active, this.uploads, this.streams, this.events]) set.delete(response);
    });
    request.on('error', () => parts.onAbort(this));
    parts.onResponse(this, request, response);
    const { pathname } = new URL(request.url, 'http://localhost');
    const slowMs = /^\/delay\/(\d+)$/.exec(pathname)?.[1];
    if (slowMs !== undefined) setTimeout(() => this.#answer(response, 200), Number(slowMs));
    else if (pathname === '/upload') this.#upload(request, response);
    else if (pathname === '/stream') this.#stream(response);
    else if (pathname === '/events') this.#events(response);
    else if (pathname === '/readyz') this.#answer(response, this.drainingSinceMs && parts.readinessTurns ? 503 : 200);
    else if (pathname === '/') setTimeout(() => this.#answer(response, 200), 5);
    else this.#answer(response, 404);
  }

  #upload(request, response) {
    this.uploads.add(response);
    request.resume();
    request.on('end', () => this.#answer(response, 200));
  }

  #stream(response) {
    this.streams.add(response);
    response.writeHead(200);
    let left = 20;
    const timer = setInterval(() => {
      response.write('piece\n');
      if (--left > 0) return;
      clearInterval(timer);
      response.end();
    }, 100);
    response.on('close', () => clearInterval(timer));
  }

  #events(response) {
    this.events.add(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
  }

  #answer(response, status) {
    const { alwaysCloses, announcedKeepAlive } = this.parts;
    if (alwaysCloses || this.#announces()) response.setHeader('connection', 'close');
    else if (announcedKeepAlive) response.setHeader('keep-alive', announcedKeepAlive);
    response.writeHead(status).end('ok');
  }

  #announces() {
    return this.drainingSinceMs !== undefined && performance.now() - this.drainingSinceMs >= this.parts.announcesFromMs;
  }

  #onSignal() {
    const { parts } = this;
    if (this.drainingSinceMs !== undefined) return parts.onSecondSignal();
    this.drainingSinceMs = performance.now();
    if (Number.isFinite(parts.deadlineMs)) setTimeout(() => process.exit(parts.deadlineExitCode), parts.deadlineMs);
    parts.onSignal(this);
    setTimeout(() => this.#stop(), parts.drainMs);
  }

  #stop() {
    const { parts } = this;
    this.stopped = true;
    // The listener alone: which connections to end is decided below.
    if (parts.closesListener) net.Server.prototype.close.call(this.http);
    parts.onStop(this);
    for (const webSocket of this.webSockets) parts.endsWebSocket(webSocket);
    if (parts.endsEventStreams) for (const response of this.events) response.end();
    setInterval(() => this.#exitWhenDone(), 20);
  }

  #exitWhenDone() {
    const { parts } = this;
    const busy = new Set([...this.active].map((response) => response.socket));
    const waitedFor = [...this.sockets].filter((socket) => {
      if (busy.has(socket)) return parts.waitsForWork;
      return socket.bytesRead > 0 ? !parts.endsIdleConnections : !parts.endsSilentConnections;
    });
    if (waitedFor.length > 0 || (this.webSockets.size > 0 && parts.waitsForWork)) return;
    setTimeout(() => process.exit(parts.exitCode), parts.lingersMs);
  }
}
