import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { C2S_TOKEN, FACADE_TOKEN, setAll } from '../e2e/kit/facade.ts';
import { Opened } from '../e2e/kit/load.ts';
import { startProcess, type FacadeProcess } from '../e2e/kit/process.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, until, type Received, type TestUpstream } from '../e2e/kit/upstream.ts';

/**
 * Nothing personal leaves through the side door (LGPD). Marked leads are driven through every way there is, with
 * upstreams that echo all they are told, and then everything that the process emits is searched: both output streams
 * at debug level, the metrics, the admin API, and the answers that the facade makes itself.
 */

const cpf = inventedCpf(4_242);
const PERSON = {
  name: 'Zuleica Marcada',
  phone: '5511987650001',
  spelledPhone: '(11) 98765-0001',
  email: 'zuleica.marcada@exemplo.test',
  cpf,
  spelledCpf: cpf.replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4'),
};
const STRANGER = 'token-of-a-marked-stranger';
const MARKS: readonly RegExp[] = [
  /zuleica/i,
  /marcada/i,
  /98765-?0001/,
  /exemplo\.test/i,
  new RegExp(cpf),
  new RegExp(PERSON.spelledCpf.replace(/[.]/g, '\\.')),
  // Neither are credentials anybody's business, the caller's or ours.
  new RegExp(STRANGER),
  new RegExp(C2S_TOKEN),
  new RegExp(FACADE_TOKEN),
  // Nor is any of it in another coding.
  new RegExp(Buffer.from(PERSON.name).toString('base64').slice(0, 12)),
  new RegExp(Buffer.from(PERSON.email).toString('hex').slice(0, 24), 'i'),
];
/** The marks that a text holds. */
const marksIn = (text: string): string[] => MARKS.filter((mark) => mark.test(text)).map(String);

const opened = new Opened();
let direct: TestUpstream;
let gateway: TestUpstream;
let facade: FacadeProcess;
let url: string;
let adminUrl: string;

/** Answers with all that it was told, in the status that is wanted; or ends badly, with it on its lips. */
function echo(request: Received, res: ServerResponse): void {
  const wanted = String(request.headers['x-wanted'] ?? '200');
  const told = JSON.stringify({ ...request, person: PERSON });
  if (wanted === 'reset') return void res.socket?.resetAndDestroy();
  if (wanted === 'garbage') return void res.socket?.end(`${PERSON.name} ${told}\r\n\r\n`);
  if (wanted === 'mid-headers') return void res.socket?.end(`HTTP/1.1 200 ${PERSON.name}\r\nx-name: ${PERSON.email}`);
  if (wanted === 'mid-body') {
    res.writeHead(200, { 'content-length': told.length * 2 }).write(told, () => res.destroy());
    return;
  }
  if (wanted === 'disguised') {
    const from = `http://crm.exemplo.test/integration/leads?phone=${PERSON.phone}&name=${PERSON.name}`;
    const detail = `Client error '404 Not Found' for url '${from}'\nFor more information check: ${from}`;
    res.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ detail }));
    return;
  }
  res.writeHead(Number(wanted), PERSON.name, { 'content-type': 'application/json', 'x-name': PERSON.name }).end(told);
}
const WANTED = ['200', '404', '422', '429', '500', '503', 'disguised', 'reset', 'garbage', 'mid-headers', 'mid-body'];

beforeAll(async () => {
  direct = opened.keep(await startUpstream(echo));
  gateway = opened.keep(await startUpstream(echo));
  facade = opened.keep(
    startProcess({
      env: { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url, LOG_LEVEL: 'debug' },
      edit: (config) => {
        setAll(config, 100);
        config.setIn(['server', 'forceHeader'], true);
        config.setIn(['defaults', 'breaker', 'enabled'], false);
      },
    }),
  );
  ({ url, adminUrl } = await facade.ready());
});
afterAll(opened.closeAll);

const known = { authorization: `Bearer ${FACADE_TOKEN}` };
const personal = {
  'user-agent': PERSON.name,
  referer: `https://exemplo.test/${PERSON.cpf}`,
  cookie: `name=${PERSON.email}`,
  'x-forwarded-for': PERSON.name,
  'x-customer-phone': PERSON.phone,
  'x-request-id': `${PERSON.name} ${PERSON.phone}`,
};
const path = (value: string): string => encodeURIComponent(value);
const query = new URLSearchParams({ phone: PERSON.phone, email: PERSON.email, name: PERSON.name, cpf }).toString();
const flat = JSON.stringify({ customer: PERSON.name, phone: PERSON.phone, email: PERSON.email, description: cpf });
const jsonApi = JSON.stringify({ data: { type: 'lead', attributes: { ...PERSON } } });

interface Way {
  readonly method: string;
  readonly target: string;
  readonly body?: string;
}
const json = (method: string, target: string, body: string): Way => ({ method, target, body });
const read = (target: string): Way => ({ method: 'GET', target });

const ROUTES: readonly Way[] = [
  read(`/leads?${query}`),
  read(`/integration/leads?${query}&${path(PERSON.name)}`),
  ...Object.values(PERSON).flatMap((value) => [
    read(`/leads/${path(value)}`),
    read(`/integration/leads/${path(value)}`),
  ]),
  read(`/leads/Zuleica%2FMarcada/tags?${query}`),
  read(`/integration/leads/%E0%A4%A-Zuleica`),
  json('POST', '/leads', flat),
  json('POST', '/integration/leads', flat),
  json('POST', '/integration/leads', jsonApi),
  json('POST', '/leads', `{"customer":"${PERSON.name}",`),
  json('POST', '/integration/leads', `${PERSON.name} is no JSON`),
  json('PATCH', `/integration/leads/${path(PERSON.cpf)}`, flat),
  json('POST', '/integration/leads/42/create_message', JSON.stringify({ body: PERSON.name, leadId: cpf })),
  json('POST', '/leads/42/messages', JSON.stringify({ message: `${PERSON.email} ${PERSON.spelledCpf}` })),
  json('POST', '/leads/42/messages', JSON.stringify({ message: PERSON.name.repeat(90_000) })),
  { method: 'DELETE', target: `/leads/${path(PERSON.email)}?${query}` },
  { method: 'HEAD', target: `/leads/${path(PERSON.name)}?${query}` },
];
const UNCLAIMED: readonly Way[] = [
  ...Object.values(PERSON).map((value) => read(`/integration/customers/${path(value)}/history?${query}`)),
  read(`/integration/customers/Zuleica/Marcada?${query}`),
  read(`/integration/customers/zuleica.marcada?${query}`),
  read(`/${path(PERSON.email)}?${query}`),
  read('/integration/%E0%A4%A/Zuleica'),
  json('POST', `/integration/customers?${query}`, flat),
  { method: 'DELETE', target: `/integration/customers/${cpf}` },
];

/** Texts of the answers that the facade itself made. */
const ownAnswers: string[] = [];

async function drive({ method, target, body }: Way, extra: Record<string, string>): Promise<void> {
  const headers = { ...personal, 'content-type': 'application/json', ...extra };
  const res = await fetch(url + target, { method, headers, body: body ?? null, redirect: 'manual' });
  const text = await res.text().catch(() => 'cut');
  if (res.headers.get('content-type') === 'application/problem+json') ownAnswers.push(text);
}

async function emitted(): Promise<string> {
  const pages = ['/metrics', '/api/routes', '/api/config', '/api/discovery', '/api/kill-switch'];
  const texts = await Promise.all(pages.map(async (page) => (await fetch(adminUrl + page)).text()));
  return [...texts, facade.stdout(), facade.stderr(), ...ownAnswers].join('\n');
}

describe('no personal data and no credential is emitted', () => {
  test.each(WANTED)(
    'on any route, in either dialect, by either path, when the upstream ends with %s',
    async (wanted) => {
      const before = direct.received.length + gateway.received.length;
      for (const side of ['direct', 'gateway']) {
        for (const way of ROUTES) await drive(way, { ...known, 'x-facade-force': side, 'x-wanted': wanted });
      }
      // The marks did reach the upstreams, or there was nothing to leak.
      expect(direct.received.length + gateway.received.length - before).toBeGreaterThan(ROUTES.length);
      expect(marksIn(JSON.stringify(direct.received))).not.toEqual([]);
      expect(marksIn(await emitted())).toEqual([]);
    },
  );

  test.each(WANTED)('by the passthrough, when the upstream ends with %s', async (wanted) => {
    const before = direct.received.length;
    for (const way of UNCLAIMED) await drive(way, { ...known, 'x-wanted': wanted });
    expect(direct.received.length - before).toBeGreaterThanOrEqual(UNCLAIMED.length);
    expect(marksIn(await emitted())).toEqual([]);
  });

  test('of a stranger and the token that it tries', async () => {
    for (const way of [...ROUTES, ...UNCLAIMED]) {
      await drive(way, { authorization: `Bearer ${STRANGER}`, 'x-facade-force': PERSON.name });
      await drive(way, { authentication: STRANGER });
    }
    expect(marksIn(await emitted())).toEqual([]);
  });

  const MALFORMED: Record<string, string> = {
    'a space in the target': `GET /leads/${PERSON.name} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'no method': `${PERSON.name}\r\n\r\n`,
    'an unknown method': `ZULEICA /leads/${cpf} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'a header without a colon': `GET /leads HTTP/1.1\r\nHost: x\r\n${PERSON.name}\r\n\r\n`,
    'a header with a control character': `GET /leads HTTP/1.1\r\nHost: x\r\nX-Name: ${PERSON.name}\u0001\r\n\r\n`,
    'a header that is too large': `GET /leads HTTP/1.1\r\nHost: x\r\nX-Name: ${PERSON.name.repeat(4_000)}\r\n\r\n`,
    'two lengths': `POST /leads HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${flat}`,
    'a length and chunks': `POST /leads HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${flat}`,
    'a chunk size that is a name': `POST /integration/leads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${PERSON.name}\r\n`,
    'an absolute target': `GET http://${PERSON.email}/leads/${cpf} HTTP/1.1\r\nHost: exemplo.test\r\n\r\n`,
    'an authority as target': `CONNECT exemplo.test:443 HTTP/1.1\r\nHost: exemplo.test\r\n\r\n`,
    'an expectation that is a name': `GET /leads/${cpf} HTTP/1.1\r\nHost: x\r\nExpect: ${PERSON.name}\r\n\r\n`,
    'an upgrade': `GET /${PERSON.phone} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Wanted: 500\r\nX-Name: ${PERSON.name}\r\n\r\n`,
    'raw UTF-8': `GET /leads/Zuleica-\u00e7\u00e3o HTTP/1.1\r\nHost: x\r\n\r\n`,
    'half a body, then gone': `POST /leads HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n${flat}`,
  };
  test.each(Object.entries(MALFORMED))('of a request with %s', async (_, bytes) => {
    const caller = openRaw(url);
    caller.send(Buffer.from(bytes, 'latin1'));
    const shown = await caller.until(/\r\n\r\n/, 300).catch(() => '');
    caller.destroy();
    // What the facade says by itself; what an upstream said is the caller's own business.
    if (!/^x-facade-path: (direct|gateway|passthrough)/im.test(shown)) expect(marksIn(shown)).toEqual([]);
    expect(marksIn(await emitted())).toEqual([]);
  });

  test('to the admin listener either', async () => {
    for (const target of [
      `/api/${path(PERSON.name)}`,
      `/${path(PERSON.email)}?${query}`,
      '/api/routes/%E0%A4%A-Zuleica',
    ]) {
      await (await fetch(adminUrl + target, { headers: personal })).text();
    }
    expect(marksIn(await emitted())).toEqual([]);
  });

  test('and yet there is a line for every request, with the outcome and the route', async () => {
    const lines = () => facade.stdout().match(/"msg":"request"/g)?.length ?? 0;
    await drive(read(`/leads/${path(PERSON.name)}`), { ...known, 'x-wanted': '404', 'x-request-id': 'the-last-one' });
    const last = () =>
      facade
        .stdout()
        .split('\n')
        .find((line) => line.includes('"the-last-one"'));
    await until(() => last() !== undefined, 'the line is written');
    const line = last() ?? '';
    expect(JSON.parse(line)).toMatchObject({ route: 'leads.get', method: 'GET', status: 404 });
    expect(lines()).toBeGreaterThan(ROUTES.length * WANTED.length);
    expect(ownAnswers.length).toBeGreaterThan(50);
    expect(facade.child.exitCode).toBeNull();
    expect(facade.stderr()).toBe('');
  });
});
