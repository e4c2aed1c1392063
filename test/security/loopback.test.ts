import { hash } from 'node:crypto';
import type { Document } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import { FACADE_TOKEN, setAll, startFacade } from '../e2e/kit/facade.ts';
import { Opened } from '../e2e/kit/load.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, type TestUpstream } from '../e2e/kit/upstream.ts';

/**
 * Listeners that ask for no key are bound to loopback, and a web page in a browser on this machine reaches them too.
 * One table for both of ours: the open gateway, and the admin API without ADMIN_TOKEN. With keys neither looks at Host
 * or Origin.
 */

const KEY = 'key-of-the-only-caller';
const ADMIN_TOKEN = 'admin-token-of-the-loopback-test';

interface Listener {
  readonly url: string;
  /** A read and a change, each with the headers that a program sends. */
  readonly read: string;
  readonly change: { readonly method: string; readonly path: string; readonly headers: string; readonly body: string };
  readonly refusal: (fault: 'host' | 'origin') => string;
}

const opened = new Opened();
let c2s: TestUpstream;
const open: Record<string, Listener> = {};
const keyed: Record<string, Listener & { readonly auth: string }> = {};

beforeAll(async () => {
  c2s = opened.keep(
    await startUpstream((_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}')),
  );
  const gateway = async (options: object) =>
    opened.keep(await startGateway({ port: 0, c2sBaseUrl: c2s.url, c2sToken: 'secret', ...options }));
  const lead = {
    method: 'POST',
    path: '/leads',
    headers: 'content-type: application/json\r\n',
    body: '{"customer":"A"}',
  };
  const kill = { method: 'PUT', path: '/api/kill-switch', headers: 'x-c2s-admin: test\r\n', body: '' };
  const ofGateway = { read: '/leads/l1', change: lead, refusal: (fault: string) => `urn:c2s-gateway:foreign-${fault}` };
  const ofAdmin = { read: '/api/routes', change: kill, refusal: () => 'urn:c2s-facade:admin-refused' };
  const facade = async (env: Record<string, string>) => opened.keep(await startFacade({ direct: c2s.url, env }));
  open['the open gateway'] = { url: (await gateway({})).url, ...ofGateway };
  open['the admin API without ADMIN_TOKEN'] = { url: (await facade({})).adminUrl, ...ofAdmin };
  const callers = [{ name: 'one', sha256: hash('sha256', KEY), access: 'full' }];
  keyed['the gateway with keys'] = { url: (await gateway({ callers })).url, ...ofGateway, auth: KEY };
  keyed['the admin API with ADMIN_TOKEN'] = {
    url: (await facade({ ADMIN_TOKEN })).adminUrl,
    ...ofAdmin,
    auth: ADMIN_TOKEN,
  };
});
afterAll(opened.closeAll);

/** Sends exactly these two headers; undefined: none of that name. @returns the answer, whole. */
async function ask(
  { url, read, change }: Listener,
  method: string,
  { host, origin }: { host: string | undefined; origin?: string | undefined },
  version = '1.1',
  more = '',
): Promise<string> {
  const caller = openRaw(url);
  const isRead = method === 'GET' || method === 'HEAD';
  const path = isRead ? read : change.path;
  const [headers, body] = isRead ? ['', ''] : [change.headers, change.body];
  const lines = [
    `${method} ${path} HTTP/${version}`,
    ...(host === undefined ? [] : [`host: ${host}`]),
    ...(origin === undefined ? [] : [`origin: ${origin}`]),
    `connection: close`,
    ...(isRead ? [] : [`content-length: ${body.length}`]),
  ];
  caller.send(`${lines.join('\r\n')}\r\n${more}${headers}\r\n${body}`);
  return caller.closed();
}
/** The gateway knows no HEAD, as the one that it replaces: its 405 is an answer, not a refusal of the page. */
const judged = (method: string, status: number): boolean | number =>
  status === 403 ? false : status < 300 || (method === 'HEAD' && status === 405) ? true : status;
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

const PORT = ':%port';
const own = (url: string, text: string): string => text.replace('%port', new URL(url).port);

const HOSTS: [string | undefined, boolean][] = [
  [`127.0.0.1${PORT}`, true],
  ['127.0.0.1', true],
  [`localhost${PORT}`, true],
  ['LOCALHOST', true],
  [`[::1]${PORT}`, true],
  ['[::1]', true],
  // The whole of 127.0.0.0/8 is this machine, and a listener may be bound to any of it.
  ['127.0.0.2:80', true],
  ['evil.example', false],
  [`evil.example${PORT}`, false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['evil.localhost', false],
  ['127.0.0.1.', false],
  ['0.0.0.0', false],
  ['192.168.1.1', false],
  ['10.0.0.1', false],
  ['[::]', false],
  ['[fe80::1]', false],
];

/** Of a page that was loaded as http://127.0.0.1:port. */
const ORIGINS: [string, boolean][] = [
  [`http://127.0.0.1${PORT}`, true],
  [`HTTP://127.0.0.1${PORT}`, true],
  [`https://127.0.0.1${PORT}`, false],
  ['http://127.0.0.1', false],
  ['http://127.0.0.1:1', false],
  [`http://localhost${PORT}`, false],
  ['https://evil.example', false],
  [`http://evil.example${PORT}`, false],
  [`http://127.0.0.1${PORT}.evil.example`, false],
  ['null', false],
  ['', false],
];

const CHANGES = { 'the open gateway': 'POST', 'the admin API without ADMIN_TOKEN': 'PUT' } as const;

describe.each(Object.entries(CHANGES))('%s', (name, write) => {
  const methods = ['GET', 'HEAD', write];

  test.each(HOSTS)('under the name %s: answered is %s', async (host, isAnswered) => {
    const listener = open[name] as Listener;
    for (const method of methods) {
      const before = c2s.received.length;
      const answer = await ask(listener, method, { host: host && own(listener.url, host) });
      const status = statusOf(answer);
      expect([method, judged(method, status)]).toEqual([method, isAnswered]);
      if (isAnswered) continue;
      expect(c2s.received.length).toBe(before);
      expect(answer).toMatch(/content-type: application\/problem\+json/i);
      if (method !== 'HEAD') expect(answer).toContain(listener.refusal('host'));
      expect(answer).not.toContain('evil');
    }
  });

  test('without a name, in HTTP/1.0, it is refused', async () => {
    const listener = open[name] as Listener;
    for (const method of methods) expect(statusOf(await ask(listener, method, { host: undefined }, '1.0'))).toBe(403);
  });

  test.each(ORIGINS)('from a page of the origin %j: answered is %s', async (origin, isAnswered) => {
    const listener = open[name] as Listener;
    for (const method of methods) {
      const before = c2s.received.length;
      const host = own(listener.url, `127.0.0.1${PORT}`);
      const answer = await ask(listener, method, { host, origin: own(listener.url, origin) });
      const status = statusOf(answer);
      expect([method, judged(method, status)]).toEqual([method, isAnswered]);
      if (isAnswered) continue;
      expect(c2s.received.length).toBe(before);
      if (method !== 'HEAD') expect(answer).toContain(listener.refusal('origin'));
      expect(answer).not.toMatch(/access-control-allow|evil/i);
    }
  });
});

test('a page that the open gateway served itself may use it, under either name', async () => {
  const listener = open['the open gateway'] as Listener;
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    const host = `${name}:${new URL(listener.url).port}`;
    expect(statusOf(await ask(listener, 'POST', { host, origin: `http://${host}` }))).toBe(200);
  }
});

test.each(['/docs', '/openapi.json', '/', '/health', '/nothing'])(
  'the open gateway answers %s under no foreign name either',
  async (read) => {
    const listener = { ...(open['the open gateway'] as Listener), read };
    expect(statusOf(await ask(listener, 'GET', { host: 'evil.example' }))).toBe(403);
  },
);

test.each(['the gateway with keys', 'the admin API with ADMIN_TOKEN'])(
  '%s asks for the key, and for nothing of the kind',
  async (name) => {
    const listener = keyed[name] as Listener & { auth: string };
    const strange = { host: 'gateway.example', origin: 'https://page.example' };
    const key = `authorization: Bearer ${listener.auth}\r\n`;
    for (const method of ['GET', 'HEAD', listener.change.method]) {
      expect(judged(method, statusOf(await ask(listener, method, strange, '1.1', key)))).toBe(true);
      const status = statusOf(await ask(listener, method, strange));
      if (judged(method, status) !== true) expect(status).toBe(401);
      else expect(method).toBe('HEAD');
    }
  },
);

test('a page that calls the facade is served by an open gateway behind it: what the gateway is asked by is the facade', async () => {
  const { url } = open['the open gateway'] as Listener;
  const edit = (config: Document): void => setAll(config, 100);
  const facade = opened.keep(await startFacade({ direct: c2s.url, gateway: url, edit }));
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, origin: 'https://app.example' };
  const res = await fetch(`${facade.url}/leads/42`, { headers });
  expect([res.status, res.headers.get('x-facade-path')]).toEqual([200, 'gateway']);
});
