import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { valuesOf } from '../e2e/kit/messages.ts';
import { AUTH, startWire, WAYS, type Answer, type Wire, type WireCaller } from '../e2e/kit/wire.ts';

/**
 * What the head of a request may say, on every way: routes, passthrough, tunnels and pages. A refused head reaches no
 * upstream, and nothing that follows on the same connection is carried out.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const UPGRADE = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n';
const METHODS = ['GET', 'HEAD', 'PUT', 'POST'] as const;

interface Sent {
  method?: string;
  target?: string;
  version?: string;
  /** The Host lines. */
  host?: string;
  headers?: string;
  body?: string;
}

/** Every way in: the three ways of a plain request, a tunnel, and a page of the facade's own. */
const WAYS_IN = [
  ...WAYS.map(({ way, read, write, force }) => ({
    way,
    targetOf: (method: string) => (method === 'PUT' || method === 'POST' ? write : read),
    headers: force,
  })),
  { way: 'tunnel', targetOf: () => '/cable?a=1', headers: UPGRADE },
  { way: 'page', targetOf: () => '/health', headers: '' },
];
type WayIn = (typeof WAYS_IN)[number];

function head(way: WayIn, sent: Sent): string {
  const { method = 'GET', version = 'HTTP/1.1', host = 'host: facade.test\r\n', headers = '', body = '' } = sent;
  const target = sent.target ?? way.targetOf(method);
  const length = method === 'GET' || method === 'HEAD' ? '' : `content-length: ${body.length}\r\n`;
  return `${method} ${target} ${version}\r\n${host}${AUTH}${way.headers}${length}${headers}\r\n${body}`;
}

const upstreamBytes = (): string => wire.direct.bytes() + wire.gateway.bytes();

/** Refused with this status, closed, and neither it nor the request behind it reached an upstream. */
async function expectRefused(bytes: string, status: number, method = 'GET'): Promise<Answer> {
  const caller = wire.caller();
  const behind = `GET /api/v9/behind HTTP/1.1\r\nhost: facade.test\r\n\r\n`;
  const answer = await caller.ask(bytes + behind, { bodiless: method === 'HEAD' });
  expect(answer.status).toBe(status);
  if (method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject({ status });
  await caller.closed();
  expect(upstreamBytes()).toBe('');
  return answer;
}

describe.each(WAYS_IN)('on the way $way', (way) => {
  test.each([
    ['in HTTP/1.1', 'HTTP/1.1', ''],
    ['in HTTP/1.0', 'HTTP/1.0', ''],
    ['that may go no further', 'HTTP/1.1', 'max-forwards: 0\r\n'],
  ])('TRACE %s is 405 before any token is put in: it would reflect the token', async (_, version, headers) => {
    const answer = await expectRefused(head(way, { method: 'TRACE', version, headers }), 405);
    expect(answer.header('allow')?.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST', 'OPTIONS']));
    expect(answer.header('allow')).not.toMatch(/TRACE|CONNECT/);
  });

  test.each(['X-HTTP-Method-Override', 'x-http-method', 'X-Method-Override'])(
    'a read with %s is 400: whoever heeds it would write',
    async (name) => {
      for (const method of ['GET', 'HEAD'])
        await expectRefused(head(way, { method, headers: `${name}: DELETE\r\n` }), 400, method);
      await expectRefused(head(way, { version: 'HTTP/1.0', headers: `${name}: GET\r\n` }), 400);
    },
  );

  describe.each(METHODS)('%s', (method) => {
    test.each([
      ['two different ones', 'host: facade.test\r\nhost: evil.example\r\n'],
      ['two equal ones', 'host: facade.test\r\nHOST: facade.test\r\n'],
      ['with a quote', 'host: a"b\r\n'],
      ['with a space', 'host: a b\r\n'],
      ['with a slash', 'host: a/b\r\n'],
      ['with a user', 'host: user@h\r\n'],
      ['with a comma', 'host: a,b\r\n'],
      ['with a port that is no number', 'host: h:port\r\n'],
      ['with a port beyond 65535', 'host: h:65536\r\n'],
      ['with a port alone', 'host: :80\r\n'],
      ['with two ports', 'host: h:80:80\r\n'],
      ['with a bracket that does not close', 'host: [::1\r\n'],
      ['with a zone', 'host: [fe80::1%25eth0]\r\n'],
      ['with brackets around a name', 'host: [facade.test]\r\n'],
      ['with something behind the brackets', 'host: [::1]x\r\n'],
      ['of IPv6 without brackets', 'host: ::1\r\n'],
      ['beyond ASCII', 'host: caf\xc3\xa9.test\r\n'],
      ['with a backslash', 'host: a\\b\r\n'],
      ['with a question mark', 'host: a?b\r\n'],
      ['with a tab', 'host: a\tb\r\n'],
      ['with markup', 'host: <script>\r\n'],
    ])('a Host %s is 400', async (_, host) => {
      await expectRefused(head(way, { method, host }), 400, method);
      await expectRefused(head(way, { method, host, version: 'HTTP/1.0' }), 400, method);
    });

    test('no Host is 400 in HTTP/1.1, in absolute form, too', async () => {
      await expectRefused(head(way, { method, host: '' }), 400, method);
      await expectRefused(head(way, { method, host: '', target: `http://h${way.targetOf(method)}` }), 400, method);
    });

    test('a fragment in the target is 400: neither side may cut it off alone', async () => {
      await expectRefused(head(way, { method, target: `${way.targetOf(method)}#part` }), 400, method);
    });

    test.each([
      'http://user@evil.example',
      'http://a,b',
      'http://h:port',
      'http://',
      'http:///',
      'http://[::1',
      'ftp://h',
    ])('the absolute form %s… is 400', async (origin) => {
      await expectRefused(head(way, { method, target: origin + way.targetOf(method) }), 400, method);
    });

    test.each(['*', 'leads/42', 'mailto:a@b', '?a=1'])('the target %s is 400', async (target) => {
      await expectRefused(head(way, { method, target }), 400, method);
    });
  });

  test('a transfer coding in HTTP/1.0 is 400, and the connection ends', async () => {
    const chunked = { version: 'HTTP/1.0', headers: 'transfer-encoding: chunked\r\n', body: '' };
    await expectRefused(`${head(way, { ...chunked })}0\r\n\r\n`, 400);
    const post = head(way, { ...chunked, method: 'POST' }).replace('content-length: 0\r\n', '');
    await expectRefused(`${post}0\r\n\r\n`, 400);
  });

  test.each(['HTTP/2.0', 'HTTP/0.9'])('a request line of %s is refused, and the connection ends', async (version) => {
    const caller = wire.caller();
    caller.send(head(way, { version }));
    expect(await caller.closed()).toMatch(/^HTTP\/1\.1 (400|505) /);
    expect(upstreamBytes()).toBe('');
  });

  test('a request line without a version is refused, and the connection ends', async () => {
    const caller = wire.caller();
    caller.send(`GET ${way.targetOf('GET')}\r\n\r\n`);
    expect(await caller.closed()).toMatch(/^(HTTP\/1\.1 (400|505) |$)/);
    expect(upstreamBytes()).toBe('');
  });

  test('OPTIONS that may go no further is answered here', async () => {
    const answer = await wire.caller().ask(head(way, { method: 'OPTIONS', headers: 'max-forwards: 0\r\n' }));
    expect([answer.status, answer.header('allow')?.includes('GET')]).toEqual([204, true]);
    expect(upstreamBytes()).toBe('');
  });
});

test.each(['*', 'http://facade.test', 'HTTP://facade.test:80'])(
  'OPTIONS %s asks this server, which answers',
  async (target) => {
    const caller = wire.caller();
    for (const version of ['HTTP/1.1', 'HTTP/1.1']) {
      const answer = await caller.ask(`OPTIONS ${target} ${version}\r\nhost: x\r\n${AUTH}\r\n`);
      expect([answer.status, answer.body, answer.header('allow')?.includes('POST')]).toEqual([204, '', true]);
    }
    expect(upstreamBytes()).toBe('');
  },
);

describe.each(WAYS.filter(({ way }) => way !== 'gateway'))('on the way $way', (way) => {
  const arrived = async (method: string, headers: string) => {
    const target = way.way === 'direct' ? '/api/v9/things' : way.read;
    const answer = await wire.caller().ask(`${method} ${target} HTTP/1.1\r\nhost: x\r\n${AUTH}${headers}\r\n`);
    expect(answer.status).toBe(200);
    return valuesOf(wire.direct.requests[0]!, 'max-forwards');
  };

  test.each([
    ['1', '0'],
    ['5', '4'],
    ['010', '9'],
    ['99999999999999999999', '4294967294'],
  ])('Max-Forwards: %s of an OPTIONS arrives as %s', async (sent, seen) => {
    expect(await arrived('OPTIONS', `Max-Forwards: ${sent}\r\n`)).toEqual([seen]);
  });

  test.each(['x', '-1', '', '1.5', '1, 2'])(
    'Max-Forwards: %s of an OPTIONS says nothing, and is dropped',
    async (sent) => {
      expect(await arrived('OPTIONS', `max-forwards: ${sent}\r\n`)).toEqual([]);
    },
  );

  test('Max-Forwards of another method is not the facade’s to touch', async () => {
    expect(await arrived('DELETE', 'max-forwards: 0\r\n')).toEqual(['0']);
  });
});

describe('the host of a request', () => {
  const HOSTS = [
    'facade.test',
    'facade.test:8080',
    'facade.test:',
    'my_host',
    '10.0.0.1:80',
    '[2001:db8::1]:80',
    '[::1]',
  ];
  const forwarded = async (way: WayIn, sent: Sent, caller: WireCaller = wire.caller()) => {
    caller.send(head(way, sent));
    const upstream = way.way === 'gateway' ? wire.gateway : wire.direct;
    await expect.poll(() => upstream.requests.length).toBe(1);
    return ['x-forwarded-host', 'forwarded', 'host'].map((name) => valuesOf(upstream.requests[0]!, name));
  };

  describe.each(WAYS_IN.filter(({ way }) => way !== 'page'))('on the way $way', (way) => {
    const own = () => new URL((way.way === 'gateway' ? wire.gateway : wire.direct).url).host;

    test.each(HOSTS)('%s is said to the upstream, whose own Host is its own', async (host) => {
      expect(await forwarded(way, { host: `Host: ${host}\r\n` })).toEqual([
        [host],
        [`for=127.0.0.1;proto=http;host="${host}"`],
        [own()],
      ]);
    });

    test.each(HOSTS)('of the absolute form is that of the target (%s), whatever Host says', async (host) => {
      const target = `http://${host}${way.targetOf('GET')}`;
      expect(await forwarded(way, { target })).toEqual([[host], [`for=127.0.0.1;proto=http;host="${host}"`], [own()]]);
      const seen = way.way === 'gateway' ? wire.gateway : wire.direct;
      expect(seen.requests[0]?.line).toBe(`GET ${way.targetOf('GET')} HTTP/1.1`);
    });
  });

  describe.each(WAYS_IN.filter(({ way }) => way !== 'page' && way !== 'tunnel'))('on the way $way', (way) => {
    test.each([
      ['without one, in HTTP/1.0', { host: '', version: 'HTTP/1.0' }],
      ['empty', { host: 'host:\r\n' }],
    ])('%s, is said to nobody', async (_, sent) => {
      expect((await forwarded(way, sent)).slice(0, 2)).toEqual([[], ['for=127.0.0.1;proto=http']]);
    });
  });
});

test('CONNECT is 405 and opens no tunnel', async () => {
  const caller = wire.caller();
  caller.send(`CONNECT ${new URL(wire.direct.url).host} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`);
  expect(await caller.closed()).toMatch(/^HTTP\/1\.1 405 /);
  expect(upstreamBytes()).toBe('');
});
