import proxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { port, upstream } from './settings.ts';

const app = fastify();
await app.register(proxy, { upstream, undici: { connections: 256, pipelining: 1 } });
await app.listen({ port, host: '127.0.0.1' });
