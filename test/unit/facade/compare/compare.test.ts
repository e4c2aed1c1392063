import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import type { Comparison } from '../../../../src/facade/compare/comparison.ts';
import { textOf } from '../../../../src/facade/compare/groups.ts';
import { answer, json, NOON, ruled, rulesWith, type AnswerParts } from './support.ts';

const told = ({ result, reason, differences }: Comparison) => ({
  result: reason ?? result,
  differences: differences.map(textOf),
});

/** Two documents as JSON texts, compared by the rules. */
function compareTexts(control: string, candidate: string, compare = '') {
  return told(
    compareAnswers(rulesWith(compare), answer({ body: control }), answer({ path: 'gateway', body: candidate }), NOON),
  );
}
const differences = (a: unknown, b: unknown, compare = '') =>
  compareTexts(JSON.stringify(a), JSON.stringify(b), compare).differences;

const compareParts = (control: AnswerParts, candidate: AnswerParts, rules = rulesWith()) =>
  told(compareAnswers(rules, answer(control), answer({ path: 'gateway', ...candidate }), NOON));

/** The beginning of an answer alone was kept. */
const CUT = { isComplete: false, body: '' } as const;
/** Of `compare.maxBody`, bytes. */
const QUARTER = 256 * 1024;

describe('documents', () => {
  it('with their keys in another order are the same', () => {
    expect(compareTexts('{"a":1,"b":{"c":2,"d":3}}', '{ "b": {"d":3,"c":2}, "a":1 }').result).toBe('match');
  });

  it.each([
    ['a member that is gone', { a: 1, b: 2 }, { a: 1 }, ['/b: missing number→absent']],
    ['a member that is new', { a: 1 }, { a: 1, b: 'x' }, ['/b: extra absent→string']],
    [
      'a member renamed',
      { phone: 'x' },
      { telephone: 'x' },
      ['/phone: missing string→absent', '/telephone: extra absent→string'],
    ],
    ['another value', { a: { b: 'x' } }, { a: { b: 'y' } }, ['/a/b: value string→string']],
    ['null for a text', { a: 'x' }, { a: null }, ['/a: type string→null']],
    ['null for an empty text', { a: '' }, { a: null }, ['/a: type empty string→null']],
    ['null for an empty list', { a: [] }, { a: null }, ['/a: type empty list→null']],
    ['an empty text for a text', { a: 'x' }, { a: '' }, ['/a: value string→empty string']],
    ['a number as a text', { a: 5 }, { a: '5' }, ['/a: type number→string']],
    ['a boolean turned', { a: true }, { a: false }, ['/a: value boolean→boolean']],
    ['an object for a list', { a: [1] }, { a: { 0: 1 } }, ['/a: type list→object']],
    ['an item more', [{ id: 1 }], [{ id: 1 }, { id: 2 }], ['(the answer): length 1 item→2-9 items']],
    [
      'an item exchanged',
      [{ id: 1 }, { id: 2 }],
      [{ id: 1 }, { id: 3 }],
      ['/*: missing object→absent', '/*: extra absent→object'],
    ],
    [
      'items in another order',
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [{ id: 3 }, { id: 1 }, { id: 2 }],
      ['(the answer): order list→list'],
    ],
    ['texts in another order', { a: ['x', 'y'] }, { a: ['y', 'x'] }, ['/a: order list→list']],
    [
      'a member of an item',
      {
        data: [
          { id: 1, n: 'x' },
          { id: 2, n: 'x' },
        ],
      },
      { data: [{ id: 1, n: 'x' }, { id: 2 }] },
      ['/data/*/n: missing string→absent'],
    ],
    ['ids as texts', [{ id: 1 }, { id: 2 }], [{ id: '1' }, { id: '2' }], ['/*/id: type number→string']],
    ['items without ids by place', [{ n: 1 }, { n: 2 }], [{ n: 1 }, { n: 3 }], ['/*/n: value number→number']],
    ['null among the items', [null, 1], [{ a: 1 }, 1], ['/*: type null→object']],
    ['a list within a list', [[1, 2]], [[1]], ['/*: length 2-9 items→1 item']],
  ])('tell of %s', (_, a, b, expected) => {
    expect(differences(a, b)).toEqual(expected);
  });

  it('tell of a number by its value: 1.0 is 1, and digits that a double would lose count', () => {
    expect(compareTexts('[1.0, 1e2, 0.10, -0]', '[1, 100, 0.1, 0]').result).toBe('match');
    expect(compareTexts('{"a":12345678901234567890}', '{"a":12345678901234567891}').differences).toEqual([
      '/a: value number→number',
    ]);
    expect(compareTexts('{"a":1e400}', '{"a":1e401}').result).toBe('mismatch');
  });

  it('of another kind, empty, broken or of duplicate keys are compared as bytes', () => {
    expect(compareTexts('{}', 'not json').differences).toEqual(['(the answer): type json→other body']);
    expect(compareTexts('{}', '').differences).toEqual(['(the answer): type json→empty body']);
    expect(compareTexts('', '').result).toBe('match');
    expect(compareTexts('<a>', '<b>').differences).toEqual(['(the answer): hash other body→other body']);
    expect(compareTexts('{"a":1,"a":2}', '{"a":2}').differences).toEqual(['(the answer): type other body→json']);
    const html = { headers: { 'content-type': 'text/html' } };
    expect(compareParts(html, {}).differences).toEqual(['(the answer): type other body→json']);
  });

  it('that are nested without end do not end us', () => {
    const deep = `${'['.repeat(100_000)}1${']'.repeat(100_000)}`;
    expect(compareTexts(deep, `${deep} `).differences).toEqual(['(the answer): hash other body→other body']);
  });

  it('with very long lists are the same or not, without a table of the square of their length', () => {
    const long = Array.from({ length: 20_000 }, (_, i) => i);
    expect(differences({ a: long }, { a: long.toReversed() })).toEqual(['/a: value list→list']);
    expect(differences({ a: long }, { a: long.slice(1) })).toEqual([
      '/a: length more than 50 items→more than 50 items, fewer',
    ]);
  });

  it('with more differences than say anything are cut, and it is told', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i % 10}x${Math.floor(i / 10)}`, i]));
    const comparison = compareAnswers(rulesWith(), json(many), json({}, 'gateway'), NOON);
    expect(comparison.isCapped).toBe(true);
    expect(comparison.differences).toHaveLength(40);
  });

  it('do not show keys that may be somebody: phones, e-mails, sentences', () => {
    expect(differences({ '5511999990000': 1, 'a@b.example': 1, 'Maria da Silva': 1 }, {})).toEqual([
      '/{key}: missing number→absent',
    ]);
  });
});

describe('rules', () => {
  it('ignore what a JSONPath names, on both sides', () => {
    const a = { data: [{ id: 1, at: 1 }], meta: { at: 1, total: 3 } };
    const b = { data: [{ id: 1, at: 2 }], meta: { total: 3 } };
    expect(differences(a, b, 'ignore: [$..at]')).toEqual([]);
    expect(differences(a, b, 'ignore: ["$.data[*].at"]')).toEqual(['/meta/at: missing number→absent']);
    expect(differences([{ t: 'ad' }, { t: 'x' }], [{ t: 'x' }], `ignore: ["$[?@.t == 'ad']"]`)).toEqual([]);
    expect(differences([1, 2, 3, 4], [9, 9, 3, 4], 'ignore: ["$[0]", "$[1]"]')).toEqual([]);
    expect(differences({ a: 1 }, { a: 2 }, 'ignore: [$]')).toEqual([]);
  });

  it('tolerate numbers within an amount', () => {
    const rule = 'tolerate: [{ path: $..price, number: 0.01 }]';
    expect(differences({ price: 12.5 }, { price: 12.51 }, rule)).toEqual([]);
    expect(differences({ price: 12.5 }, { price: 12.52 }, rule)).toEqual(['/price: value number→number']);
    expect(differences({ price: 12.5 }, { price: '12.5' }, rule)).toEqual(['/price: type number→string']);
    expect(
      differences({ price: [1, 2] }, { price: [1.1, 2] }, 'tolerate: [{ path: "$.price[*]", number: 0.1 }]'),
    ).toEqual([]);
  });

  it('tolerate timestamps within a time and in another spelling', () => {
    const rule = 'tolerate: [{ path: $..at, time: 2s }]';
    const at = (text: string) => ({ at: text });
    expect(differences(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:02.000+00:00'), rule)).toEqual([]);
    expect(differences(at('2026-01-01T00:00:00-03:00'), at('2026-01-01 03:00:00 UTC'), rule)).toEqual([]);
    expect(differences(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:02.001Z'), rule)).toEqual([
      '/at: value timestamp→timestamp',
    ]);
    expect(differences(at('2026-01-01T00:00:00Z'), at('2026-01-01'), rule)).toEqual(['/at: value timestamp→string']);
    // Without a rule another spelling is another text: a caller may well parse it by hand.
    expect(differences(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:00.000Z'))).toHaveLength(1);
  });

  it('let a list be unordered: by a member, or as a set', () => {
    const a = {
      data: [
        { name: 'x', n: 1 },
        { name: 'y', n: 2 },
      ],
      tags: ['p', 'q'],
    };
    const b = {
      data: [
        { name: 'y', n: 2 },
        { name: 'x', n: 3 },
      ],
      tags: ['q', 'p'],
    };
    const rule = 'unordered:\n  - { path: $.data, by: name }\n  - { path: $.tags }';
    expect(differences(a, b, rule)).toEqual(['/data/*/n: value number→number']);
    expect(differences({ a: [{ x: 1 }, { x: 2 }] }, { a: [{ x: 2 }, { x: 1 }] }, 'unordered: [{ path: $.a }]')).toEqual(
      [],
    );
  });

  it('compare the headers of pagination by themselves', () => {
    const counts = { 'x-total-count': '7', 'total-entries': '7', 'total-pages': '2', 'current-page': '1' };
    const link = (at: string, page = 2) => ({ link: `<${at}?page=${page}&perpage=5>; rel="next"` });
    const left = { headers: { ...counts, ...link('https://crm.example/integration/leads') } };
    expect(compareParts(left, { headers: { ...counts, ...link('') } }).result).toBe('match');
    expect(compareParts(left, { headers: { ...counts, ...link('/leads', 3) } }).differences).toEqual([
      'header:link: header text→text',
    ]);
    expect(compareParts(left, {}).differences).toEqual(
      ['x-total-count', 'link', 'total-entries', 'total-pages', 'current-page'].map(
        (name) => `header:${name}: header text→absent`,
      ),
    );
    expect(compareParts({}, {}).result).toBe('match');
    expect(compareParts(left, {}, rulesWith('', 'compare: { headers: [] }')).result).toBe('match');
  });

  it('compare other headers on request only', () => {
    const [a, b] = [{ headers: { 'x-total': '1', etag: 'a' } }, { headers: { 'x-total': '2' } }];
    expect(compareParts(a, b).result).toBe('match');
    expect(compareParts(a, b, rulesWith('headers: [x-total, etag]')).differences).toEqual([
      'header:x-total: header text→text',
      'header:etag: header text→absent',
    ]);
  });

  it('that all routes have hold too', () => {
    const rules = rulesWith('ignore: [$.b]', 'compare: { ignore: [$.a] }');
    expect(told(compareAnswers(rules, json({ a: 1, b: 1, c: 1 }), json({ a: 2, b: 2, c: 1 }), NOON)).result).toBe(
      'match',
    );
  });
});

describe('content-encoding', () => {
  const body = '{"a":"á"}';
  it.each([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['deflate', deflateRawSync(body)],
    ['br', brotliCompressSync(body)],
    ['zstd', zstdCompressSync(body)],
    ['gzip, br', brotliCompressSync(gzipSync(body))],
  ])('%s is unpacked', (encoding, packed) => {
    expect(compareParts({ body }, { body: packed, headers: { 'content-encoding': encoding } }).result).toBe('match');
  });

  it('a bomb is not unpacked: beside a short answer it is another one', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(compareParts({ body }, { body: bomb, headers: { 'content-encoding': 'gzip' } })).toEqual({
      result: 'mismatch',
      differences: ['(the answer): type json→body beyond compare.maxBody'],
    });
  });

  const packed = gzipSync(body);
  const behind = (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more')]);
  it.each<[string, string, string | Buffer]>([
    ['what was unpacked by a client library that left the header', 'gzip', body],
    ['the same, of deflate', 'deflate', body],
    ['the same, of br', 'br', body],
    ['the same, of zstd', 'zstd', body],
    ['one of two layers', 'gzip, gzip', packed],
    ['another encoding than is said', 'br', packed],
    ['an encoding that nobody knows', 'rot13', body],
    ['an encoding named as a member of every object', 'constructor', body],
    ['more layers than anybody sends', 'gzip, gzip, gzip, gzip', body],
    ['gzip that was cut', 'gzip', packed.subarray(0, -3)],
    ['deflate that was cut', 'deflate', deflateSync(body).subarray(0, -3)],
    ['br that was cut', 'br', brotliCompressSync(body).subarray(0, -3)],
    ['zstd that was cut', 'zstd', zstdCompressSync(body).subarray(0, -3)],
    ['gzip with bytes behind it', 'gzip', behind(packed)],
    ['gzip with zeros behind it', 'gzip', Buffer.concat([packed, Buffer.alloc(8)])],
    ['deflate with bytes behind it', 'deflate', behind(deflateSync(body))],
    ['deflate without its wrapper, with bytes behind it', 'deflate', behind(deflateRawSync(body))],
    ['br with bytes behind it', 'br', behind(brotliCompressSync(body))],
    ['zstd with bytes behind it', 'zstd', behind(zstdCompressSync(body))],
  ])(
    '%s can be read by no caller: of one side it is a difference, of both nothing was compared',
    (_, encoding, sent) => {
      const broken = { body: sent, headers: { 'content-encoding': encoding } };
      expect(compareParts({ body }, broken)).toEqual({
        result: 'mismatch',
        differences: ['(the answer): type json→unreadable body'],
      });
      // The same bytes, and a header too much: today's match.
      expect(compareParts({ body: sent }, broken).result).toBe('mismatch');
      expect(compareParts(broken, { body: '' }).differences).toEqual(['(the answer): type unreadable body→empty body']);
      expect(compareParts(broken, broken)).toEqual({ result: 'unreadable', differences: [] });
      // An error is its status.
      expect(compareParts({ status: 404 }, { ...broken, status: 404 }).result).toBe('match');
    },
  );

  it('of nothing is nothing, and two gzip members behind each other are one body', () => {
    const empty = { body: '', headers: { 'content-encoding': 'gzip' } };
    expect(compareParts({ body: '' }, empty).result).toBe('match');
    const members = Buffer.concat([gzipSync('{"a":'), gzipSync('"á"}')]);
    expect(compareParts({ body }, { body: members, headers: { 'content-encoding': 'gzip' } }).result).toBe('match');
  });
});

describe('errors and failures', () => {
  const detail = (text: string) => JSON.stringify({ detail: text });
  const disguised = (words: string) => ({ status: 500, body: detail(`${words} for url 'https://crm.example/x'`) });

  it("the gateway's disguised 404 is direct's 404", () => {
    expect(compareParts({ status: 404, body: '{"error":"x"}' }, disguised("Client error '404 Not Found'")).result).toBe(
      'match',
    );
    expect(compareParts({ status: 200 }, disguised("Client error '404 Not Found'")).differences).toEqual([
      '(the answer): status 200→404',
    ]);
  });

  it('the success status is the one that the route owes', () => {
    const row =
      'id: m\ndirect: GET /a\ngateway: GET /b\nrollout: { gateway: 0 }\nsuccess: { direct: 201, gateway: 200 }';
    const { rules } = ruled('', '', row);
    expect(compareParts({ status: 201 }, { status: 200 }, rules).result).toBe('match');
    expect(compareParts({ status: 201 }, { status: 202 }, rules).differences).toEqual(['(the answer): status 201→202']);
  });

  it('a failure of one side is a mismatch, of both it says nothing', () => {
    const reset = { status: 0, failure: 'upstream_respond' } as const;
    expect(compareParts({}, reset).differences).toEqual(['(the answer): failure 200→no answer']);
    expect(compareParts({ status: 503 }, {}).differences).toEqual(['(the answer): failure 503→200']);
    expect(compareParts({ status: 500 }, reset).result).toBe('both_failed');
    expect(compareParts({ status: 500 }, disguised("Server error '500 Internal Server Error'")).result).toBe(
      'both_failed',
    );
  });

  it.each([401, 403, 407])(
    '%d on both sides says nothing of the data, nor 401 of direct alone, to which the facade shows its own token; else it is a difference',
    (status) => {
      const disguise = disguised(`Client error '${status} Refused'`);
      expect(compareParts({ status }, { status })).toEqual({ result: 'refused', differences: [] });
      expect(compareParts({ status }, disguise).result).toBe('refused');
      expect(compareParts({}, { status }).result).toBe('mismatch');
      const ofDirectAlone = compareParts({ status }, {});
      if (status === 401) expect(ofDirectAlone).toEqual({ result: 'refused', differences: [] });
      else expect(ofDirectAlone.differences).toEqual([`(the answer): status ${status}→200`]);
      for (const other of [401, 403, 407]) expect(compareParts({ status }, { status: other }).result).toBe('refused');
      expect(compareParts({ status }, { status: 404 }).result).toBe(status === 401 ? 'refused' : 'mismatch');
    },
  );

  it.each<[string, boolean, AnswerParts, AnswerParts]>([
    ['a document', true, { body: '{}' }, { body: '{}' }],
    ['documents that differ', true, { body: '{}' }, { body: '[]' }],
    ['a text', true, { body: 'x' }, { body: 'x' }],
    ['nothing, as to a HEAD', false, { body: '' }, { body: '' }],
    ['nothing, of one side', false, { body: '{}' }, { body: '' }],
    ['no content', false, { status: 204, body: '' }, { status: 204, body: '' }],
    ['a redirect', false, { status: 302 }, { status: 302 }],
    ['not found', false, { status: 404, body: '{}' }, { status: 404, body: '{}' }],
    ['a refusal', false, { status: 401, body: '{}' }, { status: 401, body: '{}' }],
    ['a failure of one side', false, { body: '{}' }, { status: 503, body: '{}' }],
    ['a status of one side', false, { body: '{}' }, { status: 202, body: '{}' }],
    ['what cannot be unpacked', false, { body: '{}' }, { body: '{}', headers: { 'content-encoding': 'gzip' } }],
  ])('%s: were data compared? %s', (_, expected, control, candidate) => {
    const compared = compareAnswers(rulesWith(), answer(control), answer({ path: 'gateway', ...candidate }), NOON);
    expect(compared.hasData).toBe(expected);
  });

  it.each([
    ['429 of direct alone', { status: 429 }, {}, 'rate_limited'],
    ['429 of the gateway alone', {}, { status: 429 }, 'limited_alone'],
    ['429 of the gateway, where direct failed', { status: 503 }, { status: 429 }, 'rate_limited'],
    ['429 of both', { status: 429 }, { status: 429 }, 'rate_limited'],
    ['429 in disguise', {}, disguised("Client error '429 Too Many Requests'"), 'limited_alone'],
    ['our budget', {}, { failure: 'facade_rate_budget', status: 0 }, 'rate_budget'],
    ['our breaker', {}, { failure: 'facade_breaker_open', status: 0 }, 'unavailable'],
    ['a caller that left', { failure: 'client_body', isComplete: false }, {}, 'no_control'],
    ['answers that were both cut', { isComplete: false }, { isComplete: false }, 'too_large'],
    ['one that was cut, beside one of a quarter of what is kept', { body: ' '.repeat(QUARTER + 1) }, CUT, 'too_large'],
    ['the same of direct', CUT, { body: ' '.repeat(QUARTER + 1) }, 'too_large'],
  ] as const)('%s is not judged', (_, control, candidate, reason) => {
    expect(compareParts(control, candidate).result).toBe(reason);
  });
});

/** Another spelling makes no document four times as long. */
describe('an answer that is too long to be compared', () => {
  const most = ' '.repeat(QUARTER);
  const BEYOND = 'body beyond compare.maxBody';
  it.each<[string, AnswerParts, AnswerParts, string]>([
    ['of the gateway', { body: '{}' }, CUT, `type json→${BEYOND}`],
    ['of direct', CUT, { body: '{}' }, `type ${BEYOND}→json`],
    ['of direct, and nothing of the gateway', CUT, { body: '' }, `type ${BEYOND}→empty body`],
    ['beside the longest that counts as short', { body: most }, CUT, `type other body→${BEYOND}`],
    ['beside what is no JSON', { body: 'x' }, CUT, `type other body→${BEYOND}`],
  ])('%s is another one than a short one', (_, control, candidate, difference) => {
    const compared = compareAnswers(rulesWith(), answer(control), answer({ path: 'gateway', ...candidate }), NOON);
    expect(told(compared)).toEqual({ result: 'mismatch', differences: [`(the answer): ${difference}`] });
    expect(compared.hasData).toBe(false);
    expect(compared.facts.filter((fact) => fact === 'body empty')).toEqual([]);
  });
});

describe('known differences', () => {
  const ledger = `knownDifferences:
  - { route: leads.get, path: /a, kind: missing, why: w, owner: o, expires: 2026-12-01 }`;
  const rules = rulesWith('', ledger);

  it('are ignored until their day, and mismatches from then on', () => {
    const compared = (now: number) => compareAnswers(rules, json({ a: 1 }), json({}, 'gateway'), now).result;
    expect(compared(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).toBe('ignored');
    expect(compared(Date.UTC(2026, 11, 1))).toBe('mismatch');
  });

  it('excuse nothing else', () => {
    const result = (a: unknown, b: unknown) => compareAnswers(rules, json(a), json(b, 'gateway'), NOON).result;
    expect(result({ a: 1, b: 1 }, {})).toBe('mismatch');
    expect(result({ a: 1 }, { a: 2 })).toBe('mismatch');
  });
});
