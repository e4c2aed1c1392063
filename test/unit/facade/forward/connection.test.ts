import { describe, expect, test } from 'vitest';
import { Connection, Hop, TrustedProxies } from '../../../../src/facade/forward/connection.ts';
import { connectionOf, hopOf, messageOf, pairs, VIA } from './message-fixture.ts';

/** What is added for a request with these headers, from this address. */
function added(raw: string[], { address = '192.0.2.7', trusted = [] as string[], encrypted = false } = {}) {
  const socket = { remoteAddress: address, ...(encrypted ? { encrypted: true } : {}) };
  const message = messageOf(raw, socket);
  const headers: string[] = [];
  connectionOf(message, trusted).pushForwarded(message, headers);
  return Object.fromEntries(pairs(headers));
}

const SPOOFED = [
  ...['x-forwarded-for', '10.9.8.7', 'x-forwarded-host', 'evil.example', 'x-forwarded-proto', 'https'],
  ...['forwarded', 'for=10.9.8.7', 'via', '1.0 someone'],
];

describe('from a caller', () => {
  test('the forwarded headers say what is known of its connection', () => {
    expect(added(['Host', 'facade.example:8080'])).toEqual({
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-host': 'facade.example:8080',
      'x-forwarded-proto': 'http',
      forwarded: 'for=192.0.2.7;proto=http;host="facade.example:8080"',
      via: VIA,
    });
  });

  test('those that it sent itself are replaced: anyone can write them', () => {
    expect(added(['host', 'f', ...SPOOFED])).toEqual(added(['host', 'f']));
  });

  test('over IPv6 stands in brackets and quotes where RFC 7239 wants them', () => {
    const headers = added(['host', '[2001:db8::1]:80'], { address: '2001:db8::7' });
    expect(headers['x-forwarded-for']).toBe('2001:db8::7');
    expect(headers['forwarded']).toBe('for="[2001:db8::7]";proto=http;host="[2001:db8::1]:80"');
  });

  test('over IPv4 on a socket of IPv6 is shown as what it is', () => {
    expect(added(['host', 'f'], { address: '::ffff:192.0.2.7' })['x-forwarded-for']).toBe('192.0.2.7');
    expect(added(['host', 'f'], { address: '::ffff:1' })['x-forwarded-for']).toBe('::ffff:1');
  });

  test('over TLS is https', () => {
    expect(added(['host', 'f'], { encrypted: true })['x-forwarded-proto']).toBe('https');
  });

  test.each([[[]], [['host', '']]])('without a Host (%j) has none in either family', (raw) => {
    const headers = added(raw);
    expect(headers['x-forwarded-host']).toBeUndefined();
    expect(headers['forwarded']).toBe('for=192.0.2.7;proto=http');
  });

  test('of a link says its address without the zone, which means something on this machine alone', () => {
    const headers = added(['host', 'f'], { address: 'fe80::7%eth0' });
    expect(headers['x-forwarded-for']).toBe('fe80::7');
    expect(headers['forwarded']).toBe('for="[fe80::7]";proto=http;host="f"');
  });

  test('that left before it was asked about is unknown, and trusted by nobody', () => {
    const message = messageOf(['host', 'f'], {});
    expect(connectionOf(message, ['0.0.0.0/0', '::/0']).address).toBe('unknown');
  });
});

describe('from a trusted proxy', () => {
  const trusted = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'];

  test.each(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::5', '192.0.2.1'])('(%s) the chain is extended', (address) => {
    const headers = added(['host', 'inner', ...SPOOFED], { address, trusted });
    const shown = address.replace('::ffff:', '');
    expect(headers).toMatchObject({
      'x-forwarded-for': `10.9.8.7, ${shown}`,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      via: `1.0 someone, ${VIA}`,
    });
    const node = shown.includes(':') ? `"[${shown}]"` : shown;
    expect(headers['forwarded']).toBe(`for=10.9.8.7;proto=https;host="evil.example", for=${node}`);
  });

  test.each(['11.1.2.3', '192.0.2.2', '2001:db9::5'])('(not %s) it is replaced', (address) => {
    expect(added(['host', 'f', ...SPOOFED], { address, trusted })['x-forwarded-for']).toBe(address);
  });

  test('that sent nothing, the chain begins', () => {
    expect(added(['host', 'f'], { address: '10.1.2.3', trusted })).toEqual({
      ...added(['host', 'f']),
      'x-forwarded-for': '10.1.2.3',
      forwarded: 'for=10.1.2.3;proto=http;host="f"',
    });
  });

  test('a chain of several lines stays whole', () => {
    const raw = ['x-forwarded-for', '1.1.1.1', 'host', 'f', 'X-Forwarded-For', '2.2.2.2'];
    expect(added(raw, { address: '10.1.2.3', trusted })['x-forwarded-for']).toBe('1.1.1.1, 2.2.2.2, 10.1.2.3');
  });
});

test('is worked out once for a connection, and the host for each request', () => {
  const socket = { remoteAddress: '192.0.2.7' };
  const trusted = hopOf();
  const [one, two] = [messageOf(['host', 'one'], socket), messageOf(['host', 'two'], socket)];
  const connection = Connection.of(one, trusted);
  expect(Connection.of(two, trusted)).toBe(connection);
  const hosts = [one, two, one].map((message) => {
    const headers: string[] = [];
    connection.pushForwarded(message, headers);
    return Object.fromEntries(pairs(headers))['forwarded'];
  });
  expect(hosts).toEqual(['one', 'two', 'one'].map((host) => `for=192.0.2.7;proto=http;host="${host}"`));
});

test('a proxy that a reload no longer trusts is not believed any more, on a kept connection either', () => {
  const message = messageOf(['host', 'f', 'x-forwarded-for', '10.9.8.7'], { remoteAddress: '10.0.0.1' });
  const forwardedFor = (trusted: string[]) => {
    const headers: string[] = [];
    connectionOf(message, trusted).pushForwarded(message, headers);
    return Object.fromEntries(pairs(headers))['x-forwarded-for'];
  };
  expect(forwardedFor(['10.0.0.1'])).toBe('10.9.8.7, 10.0.0.1');
  expect(forwardedFor([])).toBe('10.0.0.1');
});

test('an empty list trusts nobody', () => {
  const nobody = new TrustedProxies([]);
  expect(nobody.isEmpty).toBe(true);
  expect(['127.0.0.1', '::1', 'unknown'].map((address) => nobody.has(address))).toEqual([false, false, false]);
});

describe('Via', () => {
  const via = (raw: string[], { trusted = [] as string[], httpVersionMinor = 1 } = {}) => {
    const message = Object.assign(messageOf(raw), { httpVersionMinor });
    const headers: string[] = [];
    connectionOf(message, trusted).pushForwarded(message, headers);
    return Object.fromEntries(pairs(headers))['via'];
  };
  const OTHER = `1.1 ${new Hop(new TrustedProxies([]), ['http://other.test', undefined]).pseudonym}`;

  test('says the version in which the caller spoke', () => {
    expect(via([])).toBe(VIA);
    expect(via([], { httpVersionMinor: 0 })).toBe(VIA.replace('1.1', '1.0'));
  });

  test('names the facade, and nothing of its upstreams', () => {
    expect(VIA).toMatch(/^1\.1 c2s-facade-[0-9a-f]{12}$/);
  });

  test('is the same on every instance that leads to the same places, and another on a facade in front of it', () => {
    const pseudonym = (...upstreams: (string | undefined)[]) => new Hop(new TrustedProxies([]), upstreams).pseudonym;
    const [crm, gateway] = ['https://crm.test', 'http://gateway.test'];
    expect(pseudonym(crm, gateway)).toBe(pseudonym(crm, gateway));
    const all = [
      pseudonym(crm, gateway),
      pseudonym(crm, undefined),
      pseudonym(gateway, crm),
      pseudonym('http://facade'),
    ];
    expect(new Set(all).size).toBe(4);
  });

  test('of a stranger is dropped, but for what facades wrote: they must know themselves again', () => {
    expect(via(['via', '1.0 someone'])).toBe(VIA);
    expect(via(['via', `1.0 someone, ${OTHER} , 1.1 c2s-facade-x`, 'Via', `${VIA},x`])).toBe(
      `${OTHER}, ${VIA}, ${VIA}`,
    );
  });

  test('of a trusted proxy is extended', () => {
    expect(via(['via', '1.0 someone'], { trusted: ['192.0.2.7'] })).toBe(`1.0 someone, ${VIA}`);
  });

  test('tells whether a request was here before', () => {
    const isLoop = (...raw: string[]) => hopOf().isLoop(messageOf(raw));
    expect([isLoop(), isLoop('via', '1.1 someone'), isLoop('via', OTHER)]).toEqual([false, false, false]);
    expect([isLoop('via', VIA), isLoop('Via', `1.1 a, ${VIA}, 1.0 b`)]).toEqual([true, true]);
  });
});
