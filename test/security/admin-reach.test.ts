import { afterAll, beforeAll, expect, test } from 'vitest';
import { FACADE_TOKEN, startFacade, type TestFacade } from '../e2e/kit/facade.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, type TestUpstream } from '../e2e/kit/upstream.ts';

/** The admin listener's pages are not on the public one: whoever asks there is asking Contact2Sale. */

const ADMIN_TOKEN = 'test-admin-token-of-the-operator';
let direct: TestUpstream;
let facade: TestFacade;
beforeAll(async () => {
  direct = await startUpstream((_, res) => res.writeHead(404).end('contact2sale knows no such page'));
  facade = await startFacade({ direct: direct.url, env: { ADMIN_TOKEN } });
});
afterAll(async () => {
  await facade.stop();
  await direct.close();
});

const PAGES = [
  '/metrics',
  '/healthz',
  '/readyz',
  '/console',
  '/console/',
  '/console/main.js',
  '/api/routes',
  '/api/config',
  '/api/discovery',
  '/api/kill-switch',
  '/api/events',
  '/api/parity',
  '/api/people',
  '/api/history',
  '/api/migration',
];
const SPELLINGS = [
  (page: string) => page,
  (page: string) => `/.${page}`,
  (page: string) => `/x/..${page}`,
  (page: string) => `/${page}`,
  (page: string) => page.replace('/', '/%2e/'),
  (page: string) => page.toUpperCase(),
];

test.each(PAGES)('%s on the public listener is Contact2Sale’s to answer, whoever asks', async (page) => {
  for (const token of [ADMIN_TOKEN, FACADE_TOKEN]) {
    for (const spell of SPELLINGS) {
      const caller = openRaw(facade.url);
      caller.send(
        `GET ${spell(page)} HTTP/1.1\r\nhost: 127.0.0.1:${new URL(facade.adminUrl).port}\r\nx-c2s-admin: 1\r\n` +
          `authorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
      );
      const answer = await caller.closed();
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toContain('contact2sale knows no such page');
    }
  }
});

test.each([
  ['PUT', '/api/kill-switch'],
  ['DELETE', '/api/kill-switch'],
  ['POST', '/api/config/reload'],
  ['POST', '/api/explain'],
  ['DELETE', '/api/people'],
  ['PUT', '/api/routes/leads.get'],
])('%s %s on the public listener changes nothing here', async (method, page) => {
  const { digest } = facade.dataPlane.snapshot;
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-c2s-admin': '1', 'content-type': 'application/json' };
  const res = await fetch(facade.url + page, { method, headers, body: method === 'DELETE' ? null : '{"gateway":100}' });
  expect(await res.text()).toBe('contact2sale knows no such page');
  expect(facade.dataPlane.killed).toBe(false);
  expect(facade.dataPlane.snapshot.digest).toBe(digest);
});

test.each(['/api/routes', '/api/config', '/api/discovery', '/api/kill-switch', '/api/parity', '/api/migration'])(
  '%s on the admin listener wants the token, and no other will do',
  async (page) => {
    const ask = (token?: string) =>
      fetch(facade.adminUrl + page, { headers: token === undefined ? {} : { authorization: token } });
    for (const token of [undefined, '', 'Bearer ', `Bearer ${FACADE_TOKEN}`, `Basic ${ADMIN_TOKEN}`, ADMIN_TOKEN]) {
      expect((await ask(token)).status).toBe(401);
    }
    expect((await ask(`Bearer ${ADMIN_TOKEN}`)).status).toBe(200);
  },
);

test('a route of the table is not served by the admin listener', async () => {
  const before = direct.received.length;
  const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
  expect((await fetch(`${facade.adminUrl}/integration/leads/42`, { headers })).status).toBe(404);
  expect(direct.received.length).toBe(before);
});
