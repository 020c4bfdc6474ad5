/** The runtime's own graceful stop on SIGTERM and nothing else: what the app's drain is compared with. */
const port = Number(process.env.PORT);
const hostname = process.env.HOST;

const answer = async (request) => {
  const [, ms] = /\/delay\/(\d+)/.exec(new URL(request.url).pathname) ?? [];
  if (ms) await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  return new Response('done');
};

if (globalThis.Bun) {
  const server = Bun.serve({ port, hostname, fetch: answer });
  process.on('SIGTERM', async () => {
    await server.stop();
    process.exit(0);
  });
} else if (globalThis.Deno) {
  const server = Deno.serve({ port, hostname, onListen() {} }, answer);
  Deno.addSignalListener('SIGTERM', async () => {
    await server.shutdown();
    Deno.exit(0);
  });
} else {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    const [, ms] = /\/delay\/(\d+)/.exec(request.url) ?? [];
    setTimeout(() => response.end('done'), Number(ms ?? 0));
  }).listen(port, hostname);
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    // Keep-alive connections delay close() until they are idle, and Node closes idle ones only when asked.
    setInterval(() => server.closeIdleConnections(), 50);
  });
}
