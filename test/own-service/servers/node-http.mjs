// The first server of Node's own documentation, with the port a container is given.
import { createServer } from 'node:http';

createServer((_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  res.end('Hello World!\n');
}).listen(Number(process.env.PORT));
