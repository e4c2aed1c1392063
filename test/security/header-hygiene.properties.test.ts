import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../src/c2s/pair/contact2sale.ts';
import { tokenHeaderNames } from '../../src/facade/dialect/token-header.ts';
import { requestHeaders, requestRules, responseHeaders, type Credentials } from '../../src/facade/forward/headers.ts';
import { requestIdOf } from '../../src/http/request-id.ts';
import { connectionOf, messageOf, pairs, valuesOf } from '../unit/facade/forward/message-fixture.ts';

/**
 * Header hygiene, whatever a caller or an upstream writes: what is the facade's to say cannot be said by anybody else,
 * what belongs to one connection stays on it, credentials stay with whom they are for.
 */

const RULES = requestRules(tokenHeaderNames(CONTACT2SALE));
const OURS = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'via', 'x-request-id'];
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
const CREDENTIALS = ['authorization', 'authentication', 'proxy-authorization'];
/** What only a trusted proxy may say. */
const CLAIMS = [
  ...['prefix', 'server', 'ssl', 'scheme', 'uri', 'method', 'user', 'client-cert', 'x'].map((x) => `x-forwarded-${x}`),
  ...[
    'client-ip',
    'true-client-ip',
    'x-real-ip',
    'cf-connecting-ip',
    'x-original-url',
    'x-rewrite-url',
    'client-cert',
    'forwarded-for',
    'forwarded-host',
    'forwarded-proto',
  ],
];
const names = fc
  .constantFrom(
    ...CLAIMS,
    ...[...OURS, ...HOP_BY_HOP, ...CREDENTIALS, 'x-facade-force', 'x-facade-path', 'X-FACADE-', 'x-real-ip', 'expect'],
    ...[
      'x-forwarded-port',
      'content-length',
      'content-type',
      'host',
      'accept',
      'x-a',
      'x-b',
      'location',
      'set-cookie',
      'alt-svc',
    ],
    ...['__proto__', 'constructor', 'toString'],
  )
  .chain((name) =>
    fc.constantFrom(
      name,
      name.toUpperCase(),
      name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase()),
    ),
  )
  .chain((name) =>
    fc.constantFrom(name, name, name.replaceAll('-', '_'), name.replace('-', '_'), name.replace('-', '.')),
  );
/** As an upstream reads it that turns all but letters and digits into one letter (CGI, WSGI). */
const asCgiReads = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-');
const hosts = fc.constantFrom('', 'facade.test', 'facade.test:8080', '[2001:db8::7]:80');
/** What node's parser lets into a value. */
const values = fc.oneof(
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/),
  fc.constantFrom('spoofed', 'x-a, authorization, x-request-id, via', 'close, content-length, host', 'x-forwarded-for'),
);
const raw = fc.array(fc.tuple(names, values), { maxLength: 12 }).map((all) => all.flat());
const runs = { numRuns: 800 };
const asItIs = (value: string): string => value;
const NOTHING_REWRITTEN = { location: asItIs, refresh: asItIs, link: asItIs, cookie: asItIs };

const withoutHost = (sent: readonly string[]): string[] =>
  sent.flatMap((name, i) => (i % 2 || name.toLowerCase() === 'host' ? [] : [name, sent[i + 1] ?? '']));

describe('what an upstream is sent', () => {
  test('says of the caller what the facade knows, once, and nothing that the caller says in its place', () => {
    fc.assert(
      fc.property(raw, hosts, fc.boolean(), (sent, host, keep) => {
        const req = messageOf([...withoutHost(sent), 'Host', host]);
        const credentials: Credentials = {
          keep,
          sent: keep ? undefined : ['authorization', 'Bearer ours'],
          rules: RULES,
        };
        const headers = requestHeaders(req, connectionOf(req), credentials, 'id-1', undefined);
        for (const name of OURS) {
          expect(valuesOf(headers, name)).toHaveLength(name === 'x-forwarded-host' && host === '' ? 0 : 1);
          // Nor by a name that is read as this one.
          expect(pairs(headers).filter(([one]) => asCgiReads(one) === name && one !== name)).toEqual([]);
        }
        expect(pairs(headers).filter(([one]) => CLAIMS.includes(asCgiReads(one)))).toEqual([]);
        expect(valuesOf(headers, 'x-request-id')).toEqual(['id-1']);
        expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['192.0.2.7']);
        const all = pairs(headers).map(([name]) => name);
        for (const gone of [...HOP_BY_HOP, 'host', 'expect', 'x-real-ip', 'x-forwarded-port', 'proxy-authorization']) {
          expect(all.map(asCgiReads)).not.toContain(gone);
        }
        expect(all.filter((name) => asCgiReads(name).startsWith('x-facade-'))).toEqual([]);
        if (!keep) {
          expect(valuesOf(headers, 'authorization')).toEqual(['Bearer ours']);
          expect(valuesOf(headers, 'authentication')).toEqual([]);
        }
        expect(headers.every((text) => !/[\r\n\0]/.test(text))).toBe(true);
      }),
      runs,
    );
  });

  const chains = fc.array(
    fc.tuple(
      fc.constantFrom('x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'Forwarded'),
      fc.oneof(
        values,
        fc.constantFrom('192.0.2.1', '2001:db8::1', '[::1]:80', 'https', 'https, http', 'a.test', 'a.test:8443', '443'),
        fc.constantFrom('for=192.0.2.1;proto=https;host=a.test', 'for="[::1]:4711", for=b', 'for="a', 'by=_x;x="\\""'),
      ),
    ),
    { maxLength: 6 },
  );

  test('says the same in both families of headers, whatever a trusted proxy writes', () => {
    fc.assert(
      fc.property(chains, hosts, (sent, host) => {
        const req = messageOf([...sent.flat(), 'Host', host]);
        const headers = requestHeaders(
          req,
          connectionOf(req, ['192.0.2.7']),
          { keep: true, sent: undefined, rules: RULES },
          'i',
          undefined,
        );
        const [forwarded = ''] = valuesOf(headers, 'forwarded');
        const elements = forwarded.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
        const said = (name: string) =>
          elements.flatMap((element) => new RegExp(`(?:^|;)\\s*${name}="?([^";,]+)`).exec(element)?.[1] ?? []);
        const bare = (node: string) =>
          node.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+|unknown|_[\w.-]+):\d+$/, '$1');
        expect(said('for').map(bare).join(', ')).toBe(valuesOf(headers, 'x-forwarded-for').join());
        expect(said('proto').slice(0, 1)).toEqual(valuesOf(headers, 'x-forwarded-proto'));
        const [shownHost] = valuesOf(headers, 'x-forwarded-host');
        const [port] = valuesOf(headers, 'x-forwarded-port');
        const [first] = said('host');
        const isDefault = port === (said('proto')[0] === 'https' ? '443' : '80');
        const hasPort = /:\d+$/.test(shownHost?.replace(/^\[.*\]/, '') ?? '');
        if (shownHost === undefined) expect(first).toBeUndefined();
        else expect(first).toBe(port === undefined || isDefault || hasPort ? shownHost : `${shownHost}:${port}`);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps the length of the body, whatever Connection lists', () => {
    fc.assert(
      fc.property(raw, values, (sent, listed) => {
        const req = messageOf([
          ...sent.flatMap((_, i) =>
            i % 2 || /^content-length$/i.test(sent[i] ?? '') ? [] : [sent[i] ?? '', sent[i + 1] ?? ''],
          ),
          'Content-Length',
          '5',
          'Connection',
          listed,
        ]);
        const headers = requestHeaders(
          req,
          connectionOf(req),
          { keep: true, sent: undefined, rules: RULES },
          'i',
          undefined,
        );
        expect(valuesOf(headers, 'content-length')).toEqual(['5']);
      }),
      runs,
    );
  });
});

test('what a caller is sent never claims to be the facade’s word, and holds nothing of the upstream’s connection', () => {
  fc.assert(
    fc.property(raw, fc.boolean(), (sent, dropDate) => {
      const bytes = sent.map((text) => Buffer.from(text, 'latin1'));
      const { headers } = responseHeaders(bytes, NOTHING_REWRITTEN, dropDate);
      const all = pairs(headers).map(([name]) => name);
      expect(all.filter((name) => name.startsWith('x-facade-') || name === 'x-request-id')).toEqual([]);
      for (const gone of [...HOP_BY_HOP, 'proxy-authenticate', 'via', 'alt-svc']) expect(all).not.toContain(gone);
      expect(headers.length % 2).toBe(0);
    }),
    runs,
  );
});

test('a request id is taken only when it cannot be read as anything else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 140 })), (given) => {
      const id = requestIdOf(given);
      expect(id).toMatch(/^[A-Za-z0-9.:_-]{1,128}$/);
      if (/^[A-Za-z0-9.:_-]{1,128}$/.test(given)) expect(id).toBe(given);
      else expect(id).not.toBe(given);
    }),
    runs,
  );
});
