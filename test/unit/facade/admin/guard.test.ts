import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import { guard } from '../../../../src/facade/admin/guard.ts';

const TOKEN = 'admin-token-of-the-test';

function guardedApp(adminToken: string | undefined) {
  const app = express();
  app.use(guard(adminToken));
  app.use((_req, res) => void res.json({ passed: true }));
  return app;
}
const guarded = (adminToken: string | undefined) => supertest(guardedApp(adminToken));

const CHANGES = ['post', 'put', 'delete', 'patch'] as const;

describe('without ADMIN_TOKEN', () => {
  const api = guarded(undefined);

  test.each([
    'localhost',
    'localhost:9901',
    'LOCALHOST:1',
    '127.0.0.1',
    '127.0.0.1:9901',
    '127.0.0.2',
    '[::1]',
    '[::1]:9901',
  ])('the loopback name %s is answered', async (host) => {
    expect((await api.get('/').set('host', host)).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:9901',
    'localhost.evil.example',
    'evil.localhost',
    '127.0.0.1.evil.example',
    '0.0.0.0:9901',
    '192.168.1.1:9901',
    'localhost:9901:9901x',
    '::1',
  ])('any other name (%s) is refused: a page may have been rebound to this address', async (host) => {
    const res = await api.get('/').set('host', host).set('x-c2s-admin', '1');
    expect(res.status).toBe(403);
    expect(res.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(res.text)).toMatchObject({ type: 'urn:c2s-facade:admin-refused', status: 403 });
  });

  test.each(CHANGES)('%s needs a header that no page can send without being asked', async (method) => {
    expect((await api[method]('/')).status).toBe(403);
    expect((await api[method]('/').set('x-c2s-admin', '1')).status).toBe(200);
  });

  test.each(['get', 'head'] as const)('%s needs none', async (method) => {
    expect((await api[method]('/')).status).toBe(200);
  });
});

describe('with ADMIN_TOKEN', () => {
  const api = guarded(TOKEN);

  test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`])('%s may do everything, under any name', async (authorization) => {
    for (const method of ['get', ...CHANGES] as const) {
      const res = await api[method]('/').set('authorization', authorization).set('host', 'admin.example');
      expect([method, res.status]).toEqual([method, 200]);
    }
  });

  test.each([
    '',
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
  ])('%j may do nothing, on loopback neither', async (authorization) => {
    const res = await api.get('/').set('authorization', authorization).set('host', 'localhost').set('x-c2s-admin', '1');
    expect(res.status).toBe(401);
    expect(res.text).not.toContain(TOKEN);
  });

  test('two lines may do nothing, even when the first is right', async () => {
    const server = createServer(guardedApp(TOKEN)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const lines of [
      [`Bearer ${TOKEN}`, 'Bearer x'],
      ['Bearer x', `Bearer ${TOKEN}`],
    ]) {
      const headers = ['host', 'x', ...lines.flatMap((line) => ['authorization', line])];
      const asked = request({ port, host: '127.0.0.1', headers }).end();
      const [res] = (await once(asked, 'response')) as [IncomingMessage];
      res.resume();
      expect(res.statusCode).toBe(401);
    }
    server.close();
  });

  test('nothing may do nothing', async () => {
    expect((await api.get('/')).status).toBe(401);
  });
});
