import express from 'express';
import { createFacade } from 'c2s-facade';
import { startFirstRun } from 'c2s-facade/sandbox';
import { check, say, serve } from '../kit.ts';

const sandbox = await startFirstRun();
const facade = await createFacade({ config: 'config/facade.yaml', environment: sandbox.environment });

const app = express();
app.get('/about', (_req, res) => void res.send('our own page'));
// Above every body parser: what the facade passes on must be what came.
app.use(['/integration', '/leads'], (req, res) => {
  req.url = req.originalUrl;
  facade.handle(req, res);
});
app.post('/echo', express.json(), (req, res) => void res.json({ parsed: req.body as unknown }));

const server = await serve(app);
const authorization = `Bearer ${sandbox.environment['FACADE_TOKENS']}`;

const own = await (await fetch(`${server.url}/about`)).text();
say(`GET /about: ${own}`);
check(own === 'our own page', 'the own page is served');

const write = await fetch(`${server.url}/integration/leads/${sandbox.leadId}/create_message`, {
  method: 'POST',
  headers: { authorization, 'content-type': 'application/json' },
  body: JSON.stringify({ body: 'Bom dia' }),
});
say(`POST …/create_message: ${write.status} by ${write.headers.get('x-facade-path')}`);
check(write.status === 201, 'the message is created');

const echo = await fetch(`${server.url}/echo`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"ours":true}',
});
const text = await echo.text();
say(`POST /echo: ${text}`);
check(text === '{"parsed":{"ours":true}}', 'a parser on its own path still parses');

await server.close();
await facade.close();
await sandbox.close();
