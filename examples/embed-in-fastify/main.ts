import fastify from 'fastify';
import { createFacade } from 'c2s-facade';
import { startFirstRun } from 'c2s-facade/sandbox';
import { check, say } from '../kit.ts';

const sandbox = await startFirstRun();
const facade = await createFacade({ config: 'config/facade.yaml', environment: sandbox.environment });

const app = fastify();
app.post('/echo', (request) => ({ parsed: request.body }));
await app.register((scope, _options, done) => {
  // In this scope nobody reads bodies: what the facade passes on must be what came.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
  scope.all('/*', (request, reply) => {
    reply.hijack();
    facade.handle(request.raw, reply.raw);
  });
  done();
});

const url = await app.listen({ host: '127.0.0.1', port: 0 });
const authorization = `Bearer ${sandbox.environment['FACADE_TOKENS']}`;

const echo = await fetch(`${url}/echo`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"ours":true}',
});
const text = await echo.text();
say(`POST /echo: ${text}`);
check(text === '{"parsed":{"ours":true}}', 'the app parses its own bodies');

const write = await fetch(`${url}/leads/${sandbox.leadId}/messages`, {
  method: 'POST',
  headers: { authorization, 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'Bom dia' }),
});
say(`POST /leads/…/messages: ${write.status} by ${write.headers.get('x-facade-path')}`);
check(write.ok, 'the message is created');

await app.close();
await facade.close();
await sandbox.close();
