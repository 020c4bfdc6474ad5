// Answers everything with 404.
import { createServer } from 'node:http';

createServer((_req, res) => {
  res.writeHead(404).end();
}).listen(Number(process.env.PORT));
