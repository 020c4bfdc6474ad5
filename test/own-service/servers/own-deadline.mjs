import http from 'node:http';

const server = http.createServer((req, res) => {
  const m = /^\/delay\/(\d+)/.exec(req.url);
  setTimeout(() => res.end('done\n'), m ? Number(m[1]) : 20);
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(1), Number(process.env.DEADLINE_MS ?? 400)); // far below the grace period of 30 s
});
