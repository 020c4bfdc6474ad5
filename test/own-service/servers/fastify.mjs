// The first server of Fastify's own documentation; it listens on localhost.
import Fastify from 'fastify';

const fastify = Fastify({ logger: false });

fastify.get('/', async () => ({ hello: 'world' }));

await fastify.listen({ port: 3000 });
