import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toGatewayQuery } from '../../../../src/facade/dialect/query.ts';
import { queryRule } from './rows.ts';

const list = (query: string) => toGatewayQuery(queryRule('leads.list'), query);
const tags = (query: string) => toGatewayQuery(queryRule('tags.list'), query);
const ALTERED = 'the gateway would alter or refuse the query parameter';
const refused = (reason: string, field = expect.anything() as unknown) =>
  expect.objectContaining({ kind: 'untranslatable', reason, field }) as unknown;

describe('a query for the gateway', () => {
  it.each([
    '',
    'page=1',
    'perpage=50&page=2',
    'sort=-created_at&status=em_negociacao',
    'phone=%2B5511999990000',
    'email=ana%40example.test',
    'tags=a%20b%2Cc',
    'created_gte=2026-01-01T00:00:00Z',
    '%70age=1',
    'page=%31',
    'status=a=b',
    'page=1000000',
  ])('goes on byte for byte: %s', (query) => expect(list(query)).toEqual({ kind: 'ok', value: query }));

  it.each(['limit=5', 'q=ana', 'per_page=5', 'PAGE=1', 'tags[]=a', 'page=1&limit=5', '=1', '&', 'page=1&', '+page=1'])(
    'takes direct for a name that the gateway ignores silently (8.4, reject unknown names): %s',
    (query) => expect(list(query)).toEqual(refused('unknown query parameter')),
  );

  it.each(['__proto__=1', 'constructor=1', 'toString=1', '%FF=1', '%=1'])(
    'does not take the name %s for a known one',
    (query) => expect(list(query)).toEqual(refused('unknown query parameter')),
  );

  it('never repeats an unknown name in its reason', () => {
    const lost = list('ana%40example.test=1');
    expect(lost).toEqual(refused('unknown query parameter', 'ana@example.test'));
  });

  it.each(['page=1&page=1', 'perpage=51&perpage=2', 'page=1&%70age=2'])(
    'takes direct for a repeated name, of which the gateway reads the last (8.4, one value per name): %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it.each(['perpage=100', 'perpage=51', 'perpage=0', 'page=0', 'page=-1', 'page=abc', 'page=1.5', 'page=', 'page'])(
    'takes direct where the gateway would answer 422 (8.1, perpage 1..50): %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it.each(['page=1_0', 'page=%201', 'page=+1', 'page=%2B1', 'page=01', 'page=1e1', 'page=0x1', 'page=1%20', 'page=١'])(
    'takes direct for a number in a spelling that the gateway reads generously (4.3): %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it('takes direct for an integer that no double holds', () => {
    expect(list('page=9007199254740993').kind).toBe('untranslatable');
    expect(list(`page=${'9'.repeat(400)}`).kind).toBe('untranslatable');
  });

  it.each(['status=', 'status', 'page=1&email='])('takes direct for an empty filter, which is dropped (4.3): %s', (q) =>
    expect(list(q)).toEqual(refused(ALTERED, q.includes('email') ? 'email' : 'status')),
  );

  it.each(['phone=+5511', 'sort=+created_at', 'tags=a+b'])(
    'takes direct for a raw plus, a space to the gateway (8.4, encode + as %%2B): %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it.each(['phone=%252B55', 'status=100%25', 'status=%00', 'status=a%0Ab', 'status=a%7F'])(
    'takes direct for a value that the gateway hands on decoded once too often, or cannot: %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it.each(['status=%FF', 'status=%C3', 'status=%ED%A0%80', 'status=%', 'status=%zz'])(
    'takes direct for what is not percent-encoded UTF-8 (4.3): %s',
    (query) => expect(list(query).kind).toBe('untranslatable'),
  );

  it.each(['status=a b', 'status=é', 'status=a#b', 'status=a;page=2', 'status=\ud800', 'status=a\u0000'])(
    'takes direct for characters that a query does not hold unescaped: %j',
    (query) => expect(list(query)).toEqual({ kind: 'untranslatable', reason: 'query holds unescaped characters' }),
  );

  it('takes only true and false for a boolean, in plain spelling (4.3)', () => {
    for (const word of ['true', 'false']) expect(tags(`autofill=${word}`).kind).toBe('ok');
    for (const word of ['True', 'yes', 'on', 'T', '1', '0', '2', 'maybe', '', 'true%20', 'TRUE']) {
      expect(tags(`autofill=${word}`).kind).toBe('untranslatable');
    }
  });

  it('takes no query at all on a route whose rule is empty', () => {
    expect(toGatewayQuery({}, '')).toEqual({ kind: 'ok', value: '' });
    expect(toGatewayQuery({}, 'a=1').kind).toBe('untranslatable');
  });

  it('either returns the query as it was or refuses it, and reads what it takes as a form parser does', () => {
    const name = fc.constantFrom('page', 'perpage', 'sort', 'phone', 'limit', 'pa%67e', '');
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => encodeURIComponent(text.toWellFormed())),
      fc.constantFrom('1', '50', '51', '01', '+1', '1_0', '', '%2B', '%', 'a=b', ';'),
    );
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });
    fc.assert(
      fc.property(pairs, (list_) => {
        const query = list_.map(([key, text]) => `${key}=${text}`).join('&');
        const translated = list(query);
        if (translated.kind !== 'ok') return;
        expect(translated.value).toBe(query);
        const read = [...new URLSearchParams(query)];
        expect(new Set(read.map(([key]) => key)).size).toBe(read.length);
        expect(read.map(([, text]) => text)).toEqual(list_.map(([, text]) => decodeURIComponent(text)));
      }),
      { numRuns: 3_000 },
    );
  });
});
