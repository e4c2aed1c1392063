import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requestHeaders, responseHeaders } from '../../src/forward/headers.ts';
import { requestIdOf } from '../../src/forward/request-id.ts';
import { connectionOf, messageOf, pairs, valuesOf } from '../unit/forward/message-fixture.ts';

/**
 * Header hygiene, whatever a caller or an upstream writes: what is the facade's to say cannot be said by anybody else,
 * what belongs to one connection stays on it, credentials stay with whom they are for.
 */

const OURS = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'via', 'x-request-id'];
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
const CREDENTIALS = ['authorization', 'authentication', 'proxy-authorization'];
const names = fc
  .constantFrom(
    ...[...OURS, ...HOP_BY_HOP, ...CREDENTIALS, 'x-facade-force', 'x-facade-path', 'X-FACADE-', 'x-real-ip', 'expect'],
    ...['x-forwarded-port', 'content-length', 'content-type', 'host', 'accept', 'x-a', 'x-b', 'location', 'set-cookie'],
    ...['__proto__', 'constructor', 'toString'],
  )
  .chain((name) =>
    fc.constantFrom(
      name,
      name.toUpperCase(),
      name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase()),
    ),
  );
/** What node's parser lets into a value. */
const values = fc.oneof(
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/),
  fc.constantFrom('spoofed', 'x-a, authorization, x-request-id, via', 'close, content-length, host', 'x-forwarded-for'),
);
const raw = fc.array(fc.tuple(names, values), { maxLength: 12 }).map((all) => all.flat());
const runs = { numRuns: 800 };

describe('what an upstream is sent', () => {
  test('says of the caller what the facade knows, once, and nothing that the caller says in its place', () => {
    fc.assert(
      fc.property(raw, fc.boolean(), (sent, keep) => {
        const req = messageOf(sent);
        const credentials = { keep, authorization: keep ? undefined : 'Bearer ours' };
        const headers = requestHeaders(req, connectionOf(req), credentials, 'id-1', undefined);
        for (const name of OURS) expect(valuesOf(headers, name)).toHaveLength(1);
        expect(valuesOf(headers, 'x-request-id')).toEqual(['id-1']);
        expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['192.0.2.7']);
        const all = pairs(headers).map(([name]) => name);
        for (const gone of [...HOP_BY_HOP, 'host', 'expect', 'x-real-ip', 'x-forwarded-port', 'proxy-authorization']) {
          expect(all).not.toContain(gone);
        }
        expect(all.filter((name) => name.startsWith('x-facade-'))).toEqual([]);
        if (!keep) {
          expect(valuesOf(headers, 'authorization')).toEqual(['Bearer ours']);
          expect(valuesOf(headers, 'authentication')).toEqual([]);
        }
        expect(headers.every((text) => !/[\r\n\0]/.test(text))).toBe(true);
      }),
      runs,
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
          { keep: true, authorization: undefined },
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
      const { headers } = responseHeaders(bytes, (location) => location, dropDate);
      const all = pairs(headers).map(([name]) => name);
      expect(all.filter((name) => name.startsWith('x-facade-') || name === 'x-request-id')).toEqual([]);
      for (const gone of [...HOP_BY_HOP, 'proxy-authenticate']) expect(all).not.toContain(gone);
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
