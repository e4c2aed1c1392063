import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafeParam } from '../../../../src/c2s/pair/path-parameter.ts';

describe('which path parameters may take the gateway path', () => {
  it.each(['bf1a88eaa4ab34b01a257536563fb42b', '42', 'lead-1', 'a_b', 'a.b', '~a', 'a..b', '...', '.a', '-'])(
    'takes the plain id %s',
    (id) => expect(isSafeParam(id)).toBe(true),
  );

  it.each(['a%20b', 'caf%C3%A9', 'a%2Bb', 'a+b', 'a@b', '%41', '%F0%9F%98%80', "a'b(c)*!", 'a:b;c=d,e&f$'])(
    'takes %s, which reaches Contact2Sale with the same meaning',
    (id) => expect(isSafeParam(id)).toBe(true),
  );

  it('refuses an empty parameter', () => expect(isSafeParam('')).toBe(false));

  it.each(['.', '..', '%2e', '%2E', '%2e%2E', '.%2e', '%2e.'])('refuses the dot segment %s', (id) =>
    expect(isSafeParam(id)).toBe(false),
  );

  it.each(['a/b', 'a%2Fb', 'a%2fb', 'a\\b', 'a%5Cb', 'a?x=1', 'a%3Fx%3D1', 'lead-1#', 'lead-1%23'])(
    'refuses %s, which would become another path, a query or a fragment',
    (id) => expect(isSafeParam(id)).toBe(false),
  );

  it.each(['a%252Fb', 'lead-1%2523', '%252E%252E', '100%25'])(
    'refuses the double-encoded %s, which the gateway hands on decoded once too often',
    (id) => expect(isSafeParam(id)).toBe(false),
  );

  it('refuses every control character, raw and encoded', () => {
    for (const code of [...Array(0x20).keys(), 0x7f]) {
      expect(isSafeParam(`a%${code.toString(16).padStart(2, '0')}`)).toBe(false);
      expect(isSafeParam(`a${String.fromCharCode(code)}b`)).toBe(false);
    }
  });

  it.each(['%', 'a%', 'a%2', '%zz', '%u0041', 'a%%41'])('refuses the broken escape %s', (id) =>
    expect(isSafeParam(id)).toBe(false),
  );

  it.each(['%FF', '%C3', '%C0%AF', '%ED%A0%80', '%F5%80%80%80', '%C0%AE%C0%AE'])('refuses %s: not UTF-8', (id) =>
    expect(isSafeParam(id)).toBe(false),
  );

  it.each(['a b', 'café', '\u{1F600}', '\u2025', '\ud800'])('refuses raw spaces and non-ASCII (%j)', (id) =>
    expect(isSafeParam(id)).toBe(false),
  );

  it('lets only parameters through that survive one decoding and one URL parser as the same single segment', () => {
    const char = fc.oneof(
      fc.constantFrom('.', '%', '2', 'e', 'E', 'f', 'F', '/', '\\', '?', '#', '%2e', '%2F', '%25', '%5c', ' ', 'é'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const raw = fc.array(char, { maxLength: 6 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(raw, (id) => {
        if (!isSafeParam(id)) return;
        const pasted = `http://c2s.test/integration/leads/${decodeURIComponent(id)}/tags`;
        const { pathname, search, hash } = new URL(pasted);
        expect(search + hash).toBe('');
        const segments = pathname.split('/');
        expect(segments).toHaveLength(5);
        expect(decodeURIComponent(segments[3] ?? '')).toBe(decodeURIComponent(id));
      }),
      { numRuns: 5_000 },
    );
  });
});
