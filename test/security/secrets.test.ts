import { hash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signForce } from '../../src/facade/forward/force-header.ts';
import { C2S_TOKEN, FACADE_TOKEN, setAll } from '../e2e/kit/facade.ts';
import { startProcess, type FacadeProcess } from '../e2e/kit/process.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, until, type TestUpstream } from '../e2e/kit/upstream.ts';

/**
 * No secret is shown by what is there to show the facade: not by the admin API, the metrics, a log line at the finest
 * level, a refusal of a config or of a request. Each secret is one that can be found in any of its codings.
 */

const SECRETS = {
  C2S_TOKEN,
  FACADE_TOKENS: FACADE_TOKEN,
  C2S_GATEWAY_TOKEN: 'test-gateway-key-of-the-facade',
  ADMIN_TOKEN: 'test-admin-token-of-the-operator',
  NOTIFY_SECRET: 'test-notify-secret-of-the-operator',
  FORCE_HEADER_SECRET: 'test-force-secret-of-thirty-two-signs',
  // A place in the path, as chats have it; nobody listens there, so that the log has much to say about it.
  HOOK_URL: 'http://127.0.0.1:9/services/test-hook-secret-4711',
  WEBHOOK_SECRET: 'test-webhook-secret-of-contact2sale',
  WORK_API_KEY: 'test-work-api-key-4711',
  DIRETRIX_USER: 'test-diretrix-user-4711',
  DIRETRIX_PASS: 'test-diretrix-pass-4711',
  DATA_KEY: Buffer.alloc(32, 'test-data-key').toString('base64'),
};
const DATABASE_PASSWORD = 'test-database-password-4711';

let direct: TestUpstream;
let gateway: TestUpstream;
let facade: FacadeProcess;
let url: string;
let adminUrl: string;
beforeAll(async () => {
  direct = await startUpstream((_, res) => res.writeHead(404).end());
  gateway = await startUpstream((_, res) => res.writeHead(500).end());
  facade = startProcess({
    env: {
      ...SECRETS,
      C2S_BASE_URL: direct.url,
      C2S_GATEWAY_URL: gateway.url,
      WORK_API_URL: 'http://127.0.0.1:9',
      DIRETRIX_BASE_URL: 'http://127.0.0.1:9',
      // Nobody listens there: the log has much to say about it.
      DATABASE_URL: `postgres://facade:${DATABASE_PASSWORD}@127.0.0.1:9/facade`,
      LOG_LEVEL: 'trace',
    },
    edit: (config) => {
      setAll(config, 50);
      config.setIn(['server', 'forceHeader'], true);
      config.set('notify', config.createNode([{ url: '${HOOK_URL}' }]));
    },
  });
  ({ url, adminUrl } = await facade.ready());
});
afterAll(async () => {
  await facade.close();
  await Promise.all([direct.close(), gateway.close()]);
});

const needles = [...Object.values(SECRETS), DATABASE_PASSWORD].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]);
const shown = (text: string): string[] => needles.filter((needle) => text.includes(needle));
const operator = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, 'content-type': 'application/json' };

const PAGES = [
  '/metrics',
  '/healthz',
  '/readyz',
  '/api/routes',
  '/api/config',
  '/api/discovery',
  '/api/kill-switch',
  '/api/notify',
  '/api/parity',
  '/api/migration',
  '/api/history',
  '/api/nowhere',
];

test.each(PAGES)('the admin page %s shows none', async (page) => {
  const res = await fetch(adminUrl + page, { headers: operator });
  const text = (await res.text()) + JSON.stringify([...res.headers]);
  expect(text.length).toBeGreaterThan(10);
  expect(shown(text)).toEqual([]);
});

test('an explanation of a request that carried a token does not repeat it', async () => {
  for (const authorization of [`Bearer ${FACADE_TOKEN}`, `Bearer ${C2S_TOKEN}`]) {
    const asked = { method: 'GET', url: '/leads/42', path: '/leads/42', headers: { authorization } };
    const res = await fetch(`${adminUrl}/api/explain`, {
      method: 'POST',
      headers: operator,
      body: JSON.stringify(asked),
    });
    const text = await res.text();
    expect(text.length).toBeGreaterThan(20);
    expect(shown(text)).toEqual([]);
  }
});

test('the webhook’s secret in a path is in no answer and no line, right or wrong', async () => {
  const push = (path: string, secret: string): Promise<Response> =>
    fetch(`${url}${path}`, { method: 'POST', headers: { 'x-webhook-token': secret }, body: '{"id":"1"}' });
  const right = SECRETS.WEBHOOK_SECRET;
  for (const path of [`/api/v1/webhooks/c2s/${right}`, '/api/v1/webhooks/c2s', `/api/v1/webhooks/c2s/${right}/more`]) {
    expect(shown(await (await push(path, right)).text())).toEqual([]);
  }
  expect((await push(`/api/v2/hooks/${right}`, right)).status).toBe(400);
  const discovered = await fetch(`${adminUrl}/api/discovery`, { headers: operator });
  expect(shown(await discovered.text())).toEqual([]);
});

test('refusals of the facade, of requests of all kinds, show none', async () => {
  const answers: string[] = [];
  const now = Date.now();
  const grant = {
    path: 'gateway',
    caller: hash('sha256', FACADE_TOKEN, 'hex').slice(0, 12),
    route: undefined,
  } as const;
  const forced = signForce({ ...grant, from: now, until: now + 60_000 }, SECRETS.FORCE_HEADER_SECRET);
  const requests = [
    `GET /leads/${C2S_TOKEN}%2F HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${C2S_TOKEN}\r\n\r\n`,
    `DELETE /leads/42 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${FACADE_TOKEN}\r\n\r\n`,
    `GET ${FACADE_TOKEN} HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET /leads/42 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${FACADE_TOKEN}\r\nbroken ${C2S_TOKEN}\r\n\r\n`,
    `POST /leads HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${FACADE_TOKEN}\r\nx-facade-force: ${forced}\r\ncontent-length: 2\r\n\r\n{}`,
    `GET /leads/42 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${FACADE_TOKEN}\r\nx-facade-force: ${forced}\r\nx-request-id: ${C2S_TOKEN}\x20\r\n\r\n`,
  ];
  for (const bytes of requests) {
    const caller = openRaw(url);
    caller.send(bytes);
    answers.push(await caller.until(/\r\n\r\n/).catch(() => ''));
    caller.destroy();
  }
  expect(answers.join('\n').match(/^HTTP/gm)?.length).toBeGreaterThan(4);
  // A request id is the caller's own word, and is given back.
  const own = answers
    .join('\n')
    .replace(/^x-request-id: .*$/gim, '')
    .replace(/"requestId":"[^"]*"/g, '');
  expect(shown(own)).toEqual([]);
});

test('and the streams of the process show none, though it complains', async () => {
  await until(() => /database|store/i.test(facade.stdout()), 'it complains about the database', 10_000);
  expect(facade.stdout().length).toBeGreaterThan(300);
  // The request id above was the caller's to choose; everything else was ours to keep.
  const lines = (facade.stdout() + facade.stderr()).replace(/"requestId":"[^"]*"/g, '');
  expect(shown(lines)).toEqual([]);
});
