import { describe, expect, test } from 'vitest';
import { chainOf, type Chain, type Claimed } from '../../../../src/facade/forward/forwarded-chain.ts';

const NOTHING: Claimed = {
  xForwardedFor: undefined,
  xForwardedProto: undefined,
  xForwardedHost: undefined,
  xForwardedPort: undefined,
  forwarded: undefined,
};
const PEER = { address: '10.0.0.1', proto: 'http', host: 'inner.test' };
const chain = (claimed: Partial<Claimed>): Chain => chainOf({ ...NOTHING, ...claimed }, PEER);

interface Row {
  what: string;
  claimed: Partial<Claimed>;
  is: Partial<Chain>;
}

/** `for`, proto, host and port, in both families. */
const rows: Row[] = [
  {
    what: 'nothing',
    claimed: {},
    is: {
      xForwardedFor: '10.0.0.1',
      proto: 'http',
      host: 'inner.test',
      port: undefined,
      forwarded: 'for=10.0.0.1;proto=http;host="inner.test"',
    },
  },
  {
    what: 'X-Forwarded-* only, of a TLS terminator',
    claimed: {
      xForwardedFor: '192.0.2.7',
      xForwardedProto: 'https',
      xForwardedHost: 'crm.test',
      xForwardedPort: '443',
    },
    is: {
      xForwardedFor: '192.0.2.7, 10.0.0.1',
      proto: 'https',
      host: 'crm.test',
      port: '443',
      forwarded: 'for=192.0.2.7;proto=https;host="crm.test", for=10.0.0.1',
    },
  },
  {
    what: 'the scheme only',
    claimed: { xForwardedProto: 'HTTPS' },
    is: { xForwardedFor: '10.0.0.1', proto: 'https', forwarded: 'for=10.0.0.1;proto=https;host="inner.test"' },
  },
  {
    what: 'the caller only',
    claimed: { xForwardedFor: '192.0.2.7' },
    is: { proto: 'http', host: 'inner.test', forwarded: 'for=192.0.2.7, for=10.0.0.1;proto=http;host="inner.test"' },
  },
  {
    what: 'Forwarded only, of a TLS terminator',
    claimed: { forwarded: 'for=192.0.2.7;proto=https;host=crm.test;by=_edge' },
    is: {
      xForwardedFor: '192.0.2.7, 10.0.0.1',
      proto: 'https',
      host: 'crm.test',
      port: undefined,
      forwarded: 'for=192.0.2.7;proto=https;host="crm.test";by=_edge, for=10.0.0.1',
    },
  },
  {
    what: 'Forwarded of an IPv6 caller with a port, and a host with a port',
    claimed: { forwarded: 'For="[2001:db8::7]:4711";Host="crm.test:8443";Proto=https' },
    is: {
      xForwardedFor: '2001:db8::7, 10.0.0.1',
      host: 'crm.test:8443',
      port: '8443',
      forwarded: 'for="[2001:db8::7]:4711";proto=https;host="crm.test:8443", for=10.0.0.1',
    },
  },
  {
    what: 'X-Forwarded-* of an IPv6 caller and a port that is not the default',
    claimed: { xForwardedFor: '2001:db8::7', xForwardedProto: 'https', xForwardedHost: 'h', xForwardedPort: '8443' },
    is: { host: 'h', port: '8443', forwarded: 'for="[2001:db8::7]";proto=https;host="h:8443", for=10.0.0.1' },
  },
  {
    what: 'a host with a port that contradicts X-Forwarded-Port: one of them is said',
    claimed: { xForwardedFor: '192.0.2.7', xForwardedHost: 'h:8443', xForwardedPort: '443' },
    is: { host: 'h:8443', port: '8443', forwarded: 'for=192.0.2.7;host="h:8443", for=10.0.0.1;proto=http' },
  },
  {
    what: 'the own Host of the terminator, and a port',
    claimed: { xForwardedFor: '192.0.2.7', xForwardedProto: 'https', xForwardedPort: '8443' },
    is: {
      host: 'inner.test',
      port: '8443',
      forwarded: 'for=192.0.2.7;proto=https, for=10.0.0.1;host="inner.test:8443"',
    },
  },
  {
    what: 'both, and they agree: what Forwarded says of every hop stays',
    claimed: {
      xForwardedFor: '192.0.2.7, 10.0.0.9',
      xForwardedProto: 'https',
      forwarded: 'for=192.0.2.7;proto=https;host=a, for=10.0.0.9;by=_b',
    },
    is: { forwarded: 'for=192.0.2.7;proto=https;host="a", for=10.0.0.9;by=_b, for=10.0.0.1', host: 'a' },
  },
  {
    what: 'both, and they contradict: Forwarded was the caller’s own invention',
    claimed: {
      xForwardedFor: '192.0.2.7',
      xForwardedProto: 'https',
      forwarded: 'for=6.6.6.6;host=evil.test;proto=http',
    },
    is: {
      xForwardedFor: '192.0.2.7, 10.0.0.1',
      host: 'inner.test',
      forwarded: 'for=192.0.2.7;proto=https, for=10.0.0.1;host="inner.test"',
    },
  },
  {
    what: 'two proxies that each added their own',
    claimed: { xForwardedFor: '192.0.2.7, 10.0.0.9', xForwardedProto: 'https, http', xForwardedHost: 'a, b' },
    is: {
      proto: 'https',
      host: 'a',
      forwarded: 'for=192.0.2.7;proto=https;host="a", for=10.0.0.9;proto=http;host="b", for=10.0.0.1',
    },
  },
  {
    what: 'addresses with ports, in brackets, with zones, mapped',
    claimed: { xForwardedFor: '192.0.2.7:4711, [2001:db8::7]:80, fe80::1%eth0, ::ffff:192.0.2.8, [fe80::2%25en0]' },
    is: {
      xForwardedFor: '192.0.2.7, 2001:db8::7, fe80::1, 192.0.2.8, fe80::2, 10.0.0.1',
      forwarded:
        'for="192.0.2.7:4711", for="[2001:db8::7]:80", for="[fe80::1]", for=192.0.2.8, for="[fe80::2]", ' +
        'for=10.0.0.1;proto=http;host="inner.test"',
    },
  },
  {
    what: 'what is no address',
    claimed: { xForwardedFor: 'unknown, _hidden, evil";by=x, <script>, [::1, 1.2.3.4.5,,  ,' },
    is: {
      xForwardedFor: 'unknown, _hidden, unknown, unknown, unknown, unknown, 10.0.0.1',
      forwarded: expect.stringMatching(/^for=unknown, for=_hidden, for=unknown, /) as string,
    },
  },
  {
    what: 'a scheme, a host and a port that are none',
    claimed: { xForwardedFor: '192.0.2.7', xForwardedProto: 'javascript', xForwardedHost: 'a"b', xForwardedPort: '0' },
    is: { proto: 'http', host: 'inner.test', port: undefined },
  },
  {
    what: 'unquoted brackets and colons, which proxies write all the same',
    claimed: { forwarded: 'for=[2001:db8::7]:80;host=h:81' },
    is: { xForwardedFor: '2001:db8::7, 10.0.0.1', host: 'h:81', port: '81' },
  },
  {
    what: 'quoted pairs, empty elements, spaces, parameters twice',
    claimed: { forwarded: ' ,, for="192\\.0.2.7" ; proto=https ;for=6.6.6.6;;x="a\\"b,;" , ' },
    is: {
      xForwardedFor: '192.0.2.7, 10.0.0.1',
      forwarded: 'for=192.0.2.7;proto=https;x="a\\"b,;", for=10.0.0.1;host="inner.test"',
    },
  },
];
test.each(rows)('$what', ({ claimed, is }) => expect(chain(claimed)).toMatchObject(is));

test.each([
  'for',
  'for=',
  'for="a',
  'for=a b',
  '=a',
  'for=a;;=',
  'for="a"b',
  '"for"=a',
  'for==a',
  'for=a\\',
  'for="a\\',
])('a Forwarded that is malformed (%j) says nothing', (forwarded) => expect(chain({ forwarded })).toEqual(chain({})));

describe('the length of what is sent', () => {
  test('is bounded: of more than a hundred hops those next to the facade count', () => {
    const addresses = Array.from({ length: 5_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    for (const claimed of [
      { xForwardedFor: addresses.join(',') },
      { forwarded: addresses.map((one) => `for=${one}`).join(',') },
    ]) {
      const hops = chain(claimed).xForwardedFor.split(', ');
      expect([hops.length, hops[0], hops.at(-2)]).toEqual([101, addresses.at(-100), addresses.at(-1)]);
    }
  });

  test.each(['for="', ';', ',', 'for=a;', 'for="\\', ' ', '[', 'for=a,', 'a=b;', 'for=_', '%'])(
    'is read once, whatever it is made of (%j)',
    (piece) => {
      const text = piece.repeat(50_000 / piece.length);
      const times = [1, 2, 3].map(() => {
        const startedAt = performance.now();
        for (const key of ['forwarded', 'xForwardedFor', 'xForwardedHost', 'xForwardedProto'] as const)
          chain({ [key]: text });
        return performance.now() - startedAt;
      });
      expect(Math.min(...times)).toBeLessThan(300);
    },
  );
});
