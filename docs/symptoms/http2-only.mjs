/** Speaks HTTP/2 without TLS, as gRPC servers do. */
import { createServer } from 'node:http2';

createServer((_request, response) => response.end('hello')).listen(process.env.PORT, process.env.HOST);
