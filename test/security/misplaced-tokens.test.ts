import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { C2S_TOKEN, FACADE_TOKEN } from '../e2e/kit/facade.ts';
import { valuesOf } from '../e2e/kit/messages.ts';
import { startWire, WAYS, type Wire } from '../e2e/kit/wire.ts';

/**
 * Tokens in odd places, on every way in. What Contact2Sale gets of a known caller is one well-formed `Bearer` of its own
 * token, however the caller wrote its own; a facade token reaches no upstream, wherever it was put; what a stranger
 * shows passes as it came.
 */

let wire: Wire;
const WEBHOOK_SECRET = 'test-webhook-secret-of-contact2sale';
beforeAll(async () => void (wire = await startWire(undefined, { WEBHOOK_SECRET })));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const UPGRADE = 'connection: upgrade\r\nupgrade: websocket\r\n';
const WAYS_IN = [
  ...WAYS.map(({ way, read, write, force }) => ({ way, read, write, extra: force })),
  { way: 'tunnel', read: '/cable', write: '/cable', extra: UPGRADE },
] as const;
type WayIn = (typeof WAYS_IN)[number];

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const seen = (way: WayIn) => (way.way === 'gateway' ? wire.gateway : wire.direct);

interface Sent {
  lines: readonly string[];
  method?: string;
  version?: string;
  query?: string;
  /** Before the path. */
  origin?: string;
}
function request(way: WayIn, { lines, method = 'GET', version = 'HTTP/1.1', query = '', origin = '' }: Sent): string {
  const isWrite = method === 'PUT' || method === 'POST';
  const headers = [...lines, ...(isWrite ? ['content-length: 0'] : [])].map((line) => `${line}\r\n`).join('');
  return `${method} ${origin}${isWrite ? way.write : way.read}${query} ${version}\r\nhost: x\r\n${way.extra}${headers}\r\n`;
}

const shapes = (token: string): string[] => [
  `Authorization: Bearer ${token}`,
  `Authorization: bearer ${token}`,
  `Authorization: BEARER  ${token}`,
  `Authorization:\tBearer\t${token}`,
  `Authorization: ${token}`,
  `Authentication: Bearer ${token}`,
  `authentication: ${token}`,
];

const misplaced = (token: string): [string, string[], string?, string?][] => [
  ['Basic and Authentication', ['Authorization: Basic eDp5', `Authentication: ${token}`]],
  ['the second of two Authorization lines', ['Authorization: Bearer x', `Authorization: Bearer ${token}`]],
  ['the first of two Authorization lines', [`Authorization: Bearer ${token}`, 'authorization: Bearer x']],
  ['something behind it', [`Authorization: Bearer ${token} x`]],
  ['another scheme', [`Authorization: Token ${token}`]],
  ['inside of Basic', [`Authorization: ${basic(`crm:${token}`)}`]],
  ['a list', [`Authentication: ${token}, ${token}`]],
];
const ELSEWHERE: [string, string[], string?, string?][] = [
  ['X-Api-Key', [`X-Api-Key: ${FACADE_TOKEN}`]],
  ['Cookie', [`Cookie: a=1; token=${FACADE_TOKEN}`]],
  ['Proxy-Authorization', [`Proxy-Authorization: Bearer ${FACADE_TOKEN}`]],
  ['Proxy-Authorization, in Basic', [`Proxy-Authorization: ${basic(`x:${FACADE_TOKEN}`)}`]],
  ['X-Request-Id', [`X-Request-Id: ${FACADE_TOKEN}`]],
  ['X_Authorization', [`X_Authorization: ${FACADE_TOKEN}`]],
  ['a header beside good credentials', [`Authorization: Bearer ${FACADE_TOKEN}`, `X-Token: ${FACADE_TOKEN}`]],
  ['the name of a header', [`${FACADE_TOKEN}: x`]],
  ['the host of an absolute form', [], '', `http://${FACADE_TOKEN}:80`],
  ['the query', [], `?access_token=${FACADE_TOKEN}`],
];

describe.each(WAYS_IN)('on the way $way', (way) => {
  test.each([...shapes(FACADE_TOKEN), ...shapes(C2S_TOKEN)])(
    '%j arrives as one token, written by the facade',
    async (line) => {
      // The gateway knows no HEAD.
      for (const method of way.way === 'tunnel'
        ? ['GET']
        : way.way === 'gateway'
          ? ['GET', 'PUT']
          : ['GET', 'HEAD', 'PUT']) {
        wire.reset();
        wire.caller().send(request(way, { lines: [line], method }));
        await expect.poll(() => seen(way).requests.length).toBe(1);
        const [arrived] = seen(way).requests;
        const shown = [...valuesOf(arrived!, 'authorization'), ...valuesOf(arrived!, 'authentication')];
        expect(shown).toEqual(way.way === 'gateway' ? [] : [`Bearer ${C2S_TOKEN}`]);
        expect(wire.direct.bytes() + wire.gateway.bytes()).not.toContain(FACADE_TOKEN);
        if (way.way === 'gateway') expect(wire.gateway.bytes()).not.toContain(C2S_TOKEN);
      }
    },
  );

  test.each([...misplaced(FACADE_TOKEN), ...ELSEWHERE, ...misplaced(C2S_TOKEN)])(
    'a token in %s is 400, and reaches nobody',
    async (_, lines, query = '', origin = '') => {
      for (const method of ['GET', 'HEAD', 'PUT', 'POST']) {
        const bodiless = method === 'HEAD';
        const answer = await wire.caller().ask(request(way, { lines, method, query, origin }), { bodiless });
        expect(answer.status).toBe(400);
        if (bodiless) continue;
        expect(answer.body).toContain('Authorization: Bearer <token>');
        expect(answer.body).not.toContain(FACADE_TOKEN);
      }
      const old = await wire.caller().ask(request(way, { lines, version: 'HTTP/1.0', query, origin }));
      expect(old.status).toBe(400);
      expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
    },
  );
});

describe.each(WAYS_IN.filter(({ way }) => way !== 'gateway'))('on the way $way', (way) => {
  test.each([
    [['Authorization: Bearer of-a-stranger-who-has-a-long-token']],
    [['AUTHORIZATION: bearer  of-a-stranger', 'Authentication: z']],
    [['Authorization: Basic eDp5', 'Authorization: Digest a="b"', 'X-Api-Key: 0123456789abcdefghij', 'Cookie: a=1']],
  ])('what a stranger shows (%j) arrives as it was sent', async (lines) => {
    wire.caller().send(request(way, { lines, query: '?token=0123456789abcdefghij' }));
    await expect.poll(() => wire.direct.requests.length).toBe(1);
    const [arrived] = wire.direct.requests;
    const sent = arrived!.headers.map((pair) => pair.join(': '));
    expect(sent.filter((line) => /^(auth|x-api|cookie)/i.test(line))).toEqual(lines);
    expect(arrived?.line).toContain('?token=0123456789abcdefghij');
  });
});

const escaped = (text: string): string => text.replace(/[-a]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

describe('a request that no route claims', () => {
  const BETRAYING = [
    ['a facade token in the path', `/somewhere/${FACADE_TOKEN}`, ''],
    ['a facade token in the middle of a part', `/a${FACADE_TOKEN}b/c`, ''],
    ['the secret of a webhook, the version misspelt', `/api/v2/webhooks/c2s/${WEBHOOK_SECRET}`, ''],
    ['the secret of a webhook, escaped', `/api/v2/webhook/c2s/${escaped(WEBHOOK_SECRET)}`, ''],
    ['the secret of a webhook as a Bearer', '/webhook', `authorization: Bearer ${WEBHOOK_SECRET}\r\n`],
    ['the secret of a webhook as host', `http://${WEBHOOK_SECRET}/webhook`, ''],
    ['a facade token, escaped', `/somewhere/${escaped(FACADE_TOKEN)}`, ''],
  ] as const;

  /** No page has the address, and all below /api/v1 is answered here. */
  const OWNED = [
    ['the secret of a webhook, in another case', `/Api/v1/webhooks/c2s/${WEBHOOK_SECRET}`, ''],
    ['the secret of a webhook, two slashes', `//api/v1/webhooks/c2s/${WEBHOOK_SECRET}`, ''],
    ['the secret of a webhook in the query', `/api/v1/webhook/c2s?token=${WEBHOOK_SECRET}`, ''],
    ['the secret of a webhook in its header', '/api/v1/webhook', `x-webhook-token: ${WEBHOOK_SECRET}\r\n`],
    [
      'the secret of a webhook in its header twice',
      '/api/v1/webhook',
      `x-webhook-token: ${WEBHOOK_SECRET}\r\n`.repeat(2),
    ],
    ['the secret of a webhook as a Bearer', '/api/v1/webhook', `authorization: Bearer ${WEBHOOK_SECRET}\r\n`],
    ['the secret of a webhook in another header', '/api/v1/webhook', `X_Webhook_Token: ${WEBHOOK_SECRET}\r\n`],
    ['the secret of a webhook, escaped', `/api/v1/webhook/c2s/${escaped(WEBHOOK_SECRET)}`, ''],
    ['the secret of a webhook, escaped beside a broken escape', `/api/v1/w/%ZZ/${escaped(WEBHOOK_SECRET)}`, ''],
    ['the secret of a webhook as host', `http://${WEBHOOK_SECRET}/api/v1/webhook`, ''],
  ] as const;

  const ALL = [
    ...BETRAYING.map((one) => [...one, 400, 'Correct the address'] as const),
    ...OWNED.map((one) => [...one, 404, 'was not passed on'] as const),
  ];
  test.each(ALL)('with %s reaches nobody', async (_, path, extra, status, text) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT']) {
      const bodiless = method === 'HEAD';
      const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\n${extra}content-length: 0\r\n\r\n`;
      const answer = await wire.caller().ask(head, { bodiless });
      expect(answer.status).toBe(status);
      if (!bodiless) expect(answer.body).toContain(text);
      expect(answer.body).not.toMatch(new RegExp(`${FACADE_TOKEN}|${WEBHOOK_SECRET}`));
    }
    const upgrade = `GET ${path} HTTP/1.1\r\nhost: x\r\n${extra}${UPGRADE}\r\n`;
    expect((await wire.caller().ask(upgrade)).status).toBe(status);
    expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
    expect(JSON.stringify(wire.facade.dataPlane.discovery)).not.toMatch(WEBHOOK_SECRET);
  });
});

test('on a page a misplaced token is 400, too', async () => {
  for (const target of ['/health', '/api/v1/enrichments/x']) {
    const lines = `Cookie: t=${FACADE_TOKEN}\r\n`;
    expect((await wire.caller().ask(`GET ${target} HTTP/1.1\r\nhost: x\r\n${lines}\r\n`)).status).toBe(400);
  }
});
