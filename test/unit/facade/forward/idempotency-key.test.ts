import { describe, expect, it } from 'vitest';
import { DerivedKey, readIdempotencyKey } from '../../../../src/facade/forward/idempotency-key.ts';

describe('the header', () => {
  it.each<[string, readonly string[], string | undefined]>([
    ['bare', ['Idempotency-Key', 'abc-1'], 'abc-1'],
    ['quoted means the same', ['idempotency-key', '"abc-1"'], 'abc-1'],
    ['quoted, escaped', ['idempotency-key', '"a\\"b\\\\c"'], 'a"b\\c'],
    ['with space around', ['idempotency-key', '  abc '], 'abc'],
    ['longest', ['idempotency-key', 'k'.repeat(255)], 'k'.repeat(255)],
    ['longest, escaped', ['idempotency-key', `"${'\\"'.repeat(255)}"`], '"'.repeat(255)],
    ['too long', ['idempotency-key', 'k'.repeat(256)], undefined],
    ['too long to be looked at', ['idempotency-key', `"${'k'.repeat(600)}"`], undefined],
    ['twice', ['idempotency-key', 'a', 'x', 'y', 'Idempotency-Key', 'a'], undefined],
    ['a list', ['idempotency-key', 'a, b'], undefined],
    ['a list of quoted ones', ['idempotency-key', '"a", "b"'], undefined],
    ['parameters', ['idempotency-key', '"a";p=1'], undefined],
    ['open quote', ['idempotency-key', '"a'], undefined],
    ['quote inside of a bare one', ['idempotency-key', 'a"b'], undefined],
    ['empty', ['idempotency-key', ''], undefined],
    ['empty, quoted', ['idempotency-key', '""'], undefined],
    ['not ASCII', ['idempotency-key', 'chavé'], undefined],
    ['control characters', ['idempotency-key', '"a\tb"'], undefined],
    ['a value that has its name', ['x', 'idempotency-key'], undefined],
  ])('%s', (_, raw, key) => {
    expect(readIdempotencyKey(raw)).toBe(key);
  });
});

describe('what is derived of a key', () => {
  const ASKED = {
    method: 'POST',
    operation: ['leads.get', 'direct', '1'],
    query: 'a=1',
    contentType: 'application/json',
  };
  const of = (key = 'k', caller = 'one'): DerivedKey => new DerivedKey(key, caller);
  const print = (more: Partial<typeof ASKED> = {}, body: string | undefined = '{}') =>
    of()
      .fingerprint({ ...ASKED, ...more }, body === '-' ? undefined : Buffer.from(body))
      .toString('hex');

  it.each<[string, DerivedKey]>([
    ['key', of('other')],
    ['caller', of('k', 'two')],
  ])('another %s is another row, and opens nothing', (_, other) => {
    expect(other.id).not.toEqual(of().id);
    expect(other.id).toHaveLength(32);
    const sealed = of().seal({ status: 200, headers: ['a', 'b'], body: Buffer.from('x') });
    expect(() => other.open(200, sealed)).toThrow();
  });

  it('tells requests apart by method, operation, record, query, type and body', () => {
    const all = [
      print(),
      print({ method: 'PUT' }),
      print({ operation: ['leads.get', 'gateway', '1'] }),
      print({ operation: ['leads.get', 'direct', '2'] }),
      print({ query: 'a=2' }),
      print({ query: '', contentType: 'text/plain' }),
      print({}, '{"a":1}'),
      print({}, ''),
      print({}, '-'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(print()).toBe(print());
  });

  it('gives an answer back as it was, bytes and missing bodies too', () => {
    for (const body of [Buffer.from([0, 255, 10]), Buffer.alloc(0), undefined]) {
      const answer = { status: 201, headers: ['x-own', 'é'], body };
      expect(of().open(201, of().seal(answer))).toEqual(answer);
    }
  });

  it('neither the row’s name nor what is sealed has the key or the answer', () => {
    const sealed = of('a-long-secret-key').seal({ status: 200, headers: [], body: Buffer.from('Maria') });
    for (const text of [sealed.toString('latin1'), of('a-long-secret-key').id.toString('latin1')])
      for (const secret of ['Maria', 'TWFyaWE', 'secret-key']) expect(text).not.toContain(secret);
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(() => of('a-long-secret-key').open(200, sealed)).toThrow();
  });
});
