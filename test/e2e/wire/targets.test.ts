import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AUTH, get, startWire, WAYS, type Wire } from '../kit/wire.ts';

/** The request target: routed by, never tidied up. What an upstream sees is what was sent (P45). */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const [direct, gateway, passthrough] = WAYS;

/** The target that Contact2Sale saw. */
async function seen(request: string): Promise<string | undefined> {
  const answer = await wire.caller().ask(request);
  if (answer.status !== 200) return `${answer.status}`;
  expect(wire.gateway.requests).toEqual([]);
  return wire.direct.requests[0]?.line.split(' ')[1];
}

describe.each([
  ['on a route', '/integration/leads'],
  ['on the passthrough', '/api/v9/things'],
])('%s', (_, base) => {
  test.each([
    `${base}?`,
    `${base}/42?`,
    `${base}/42?a=1&a=2&a=3`,
    `${base}/42?a=1;b=2`,
    `${base}/42;v=1?x`,
    `${base}/42?q=%20+%2B%2520&empty=&=novalue&&`,
    `${base}/42?url=http://x.example/a?b=c`,
    `${base}/a%2Fb`,
    `${base}/a%2fb%5Cc`,
    `${base}/..`,
    `${base}/../me`,
    `${base}/%2E%2E`,
    `${base}/%2e%2e/tags`,
    `${base}/.`,
    `${base}//42`,
    `${base}/42//tags`,
    `${base}/42/`,
    `/${base}/42`,
    `${base}/caf%C3%A9`,
    `${base}/%FF%00`,
    `${base}/a%3Fb%23c`,
    `${base}/100%`,
    `${base}/%zz`,
    `${base}/a'b"c<d>|{}^\``,
    `${base}/${'long'.repeat(2_000)}`,
    `${base}/resolve%2Dsource`,
  ])('%s arrives as it was sent', async (target) => {
    expect(await seen(get(direct, '', target))).toBe(target);
  });

  test('the absolute form loses its origin, which is never the caller’s to say', async () => {
    expect(await seen(get(direct, '', `http://evil.example:99${base}/42?a=1`))).toBe(`${base}/42?a=1`);
  });
});

test.each(['http://evil.example', 'http://evil.example?x=1'])(
  'the absolute form %s without a path is the root of the facade',
  async (target) => {
    const answer = await wire.caller().ask(get(passthrough, '', target));
    expect(answer.body).toContain('c2s-facade');
    expect(wire.direct.bytes()).toBe('');
  },
);

test('a prefix in the base URL of Contact2Sale is put before every path', async () => {
  const prefixed = await startWire((config) => config.setIn(['upstreams', 'direct', 'url'], '${C2S_BASE_URL}/v2'));
  try {
    for (const target of [direct.read, passthrough.read]) await prefixed.caller().ask(get(direct, '', target));
    const lines = prefixed.direct.requests.map(({ line }) => line.split(' ')[1]);
    expect(lines).toEqual([`/v2${direct.read}`, `/v2${passthrough.read}`]);
  } finally {
    await prefixed.close();
  }
});

describe('on the gateway path', () => {
  test.each(['/leads?', '/leads/42?', '/leads?tags=%61%20b&page=2', '/leads/4-2_x'])(
    '%s arrives as it was sent',
    async (target) => {
      expect((await wire.caller().ask(get(gateway, '', target))).status).toBe(200);
      expect(wire.gateway.requests[0]?.line).toBe(`GET ${target} HTTP/1.1`);
    },
  );

  test.each(['%2E%2E', '%2e', '..', '.', 'a%2Fb', 'a%5Cb', 'a%3Fx', 'a%23', '%00', 'a%0Ab', '%FF', '100%', '%zz'])(
    'a lead id %s in the gateway’s dialect is refused: neither side may read it as another operation',
    async (id) => {
      for (const [method, tail] of [
        ['GET', ''],
        ['POST', '/mark-interacted'],
      ]) {
        const head = `${method} /leads/${id}${tail} HTTP/1.1\r\nhost: x\r\n${AUTH}`;
        for (const force of ['', 'x-facade-force: gateway\r\n', 'x-facade-force: direct\r\n']) {
          const answer = await wire.caller().ask(`${head}${force}content-length: 0\r\n\r\n`);
          expect(answer.status).toBe(400);
        }
      }
      expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
    },
  );

  test.each(['%2E%2E', 'a%2Fb', 'a%3Fx', '%FF', 'resolve-source', 'resolve%2Dsource', '%72esolve-source'])(
    'a lead id %s in Contact2Sale’s dialect stays with Contact2Sale',
    async (id) => {
      expect(await seen(get(gateway, '', `/integration/leads/${id}`))).toBe(`/integration/leads/${id}`);
    },
  );

  test.each(['resolve%2Dsource', '%72esolve-source', 'RESOLVE%2dsource'.toLowerCase()])(
    '/leads/%s is never asked as a lead',
    async (id) => {
      const answer = await wire.caller().ask(get(gateway, '', `/leads/${id}`));
      expect(answer.status).toBe(400);
      expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
    },
  );
});

test('OPTIONS and methods that nobody knows pass through to Contact2Sale', async () => {
  for (const method of ['OPTIONS', 'PROPFIND', 'PURGE', 'DELETE']) {
    wire.reset();
    const request = get(direct).replace(/^GET/, method);
    expect((await wire.caller().ask(request)).status).toBe(200);
    expect(wire.direct.requests[0]?.line).toBe(`${method} ${direct.read} HTTP/1.1`);
  }
});

test('the wrong method on a path of the gateway’s dialect is 405 and says which are right', async () => {
  const answer = await wire.caller().ask(get(gateway).replace(/^GET/, 'DELETE'));
  expect(answer.status).toBe(405);
  expect(answer.header('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'PATCH']);
  expect(wire.direct.bytes() + wire.gateway.bytes()).toBe('');
});
