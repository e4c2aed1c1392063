import { gzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import type { DriftBook } from '../../../../../src/facade/compare/drift/book.ts';
import { answer, NOON } from '../support.ts';
import { DAY, HOUR, Learner, MODEL, ROUTE, usual, type Series } from './support.ts';

/** A generator whose numbers are the same at every run (mulberry32). */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const fresh = (body: Series['body'], answers = 40, over = HOUR): Series => ({ answers, over, body });
const lead = (more: object) => ({ data: { id: 'a', attributes: { phone: '11 9', ...more } } });
const at = '/data/attributes';

describe('what direct answers otherwise than in the week before', () => {
  const cases: [string, Series['body'], Series['body'], string[]][] = [
    ['nothing', () => lead({}), () => lead({}), []],
    [
      'a member that vanished',
      () => lead({ city: 'x' }),
      () => lead({}),
      [`warning ${at}/city: vanished (string), in 1,000 of 1,000 before and in none of 40 since`],
    ],
    [
      'a member that appeared',
      () => lead({}),
      () => lead({ city: 'x' }),
      [`info ${at}/city: appeared (string), in 40 of 40 since and in none of 1,000 before`],
    ],
    [
      'a member with another name',
      () => lead({ city: 'x' }),
      () => lead({ town: 'x' }),
      [
        `warning ${at}/city: vanished (string), in 1,000 of 1,000 before and in none of 40 since`,
        `info ${at}/town: appeared (string), in 40 of 40 since and in none of 1,000 before`,
      ],
    ],
    ['number → string', () => lead({ n: 5 }), () => lead({ n: '5' }), [`warning ${at}/n: type number → string`]],
    ['string → null', () => lead({ n: 'x' }), () => lead({ n: null }), [`warning ${at}/n: type string → null`]],
    [
      'string, now and then null',
      () => lead({ n: 'x' }),
      (n) => lead({ n: n % 2 === 0 ? null : 'x' }),
      [`warning ${at}/n: type string → null or string`],
    ],
    [
      'timestamp → text',
      () => lead({ n: '2026-11-24T12:00:00Z' }),
      () => lead({ n: '24/11/26' }),
      [`warning ${at}/n: type timestamp → string`],
    ],
    [
      'object → list',
      () => lead({ n: { a: 1 } }),
      () => lead({ n: [{ a: 1 }] }),
      [`warning ${at}/n: type object → list`],
    ],
    ['empty texts, which are of no other type', () => lead({ n: '2026-11-24T12:00:00Z' }), () => lead({ n: '' }), []],
    [
      'an object is told of, not its members',
      () => lead({ o: { a: 1, b: 2 } }),
      () => lead({}),
      [`warning ${at}/o: vanished (object), in 1,000 of 1,000 before and in none of 40 since`],
    ],
    ['items of mixed types', () => ({ l: [1, 'a', null] }), () => ({ l: ['a', 1, null] }), []],
    [
      'a type that is new among mixed items',
      () => ({ l: [1, 'a'] }),
      () => ({ l: [1, 'a', {}] }),
      ['warning /l/*: type number or string → number or object or string'],
    ],
    ['lists that are empty today', () => ({ l: [{ a: 1 }] }), () => ({ l: [] }), []],
    [
      'a member of items',
      () => ({
        l: [
          { a: 1, b: 1 },
          { a: 1, b: 1 },
        ],
      }),
      () => ({ l: [{ a: 1 }, { a: 1 }] }),
      ['warning /l/*/b: vanished (number), in 2,000 of 2,000 before and in none of 80 since'],
    ],
    ['JSON → text', () => ({}), () => 'maintenance', ['warning the answer: type object → text']],
    ['JSON → nothing', () => ({}), () => '', ['warning the answer: type object → no body']],
    ['keys that are data', () => ({ by: { '11987654321': 1 } }), (n) => ({ by: { [`1198765${1000 + n}`]: 1 } }), []],
  ];
  test.each(cases)('%s', (_, before, after, expected) => {
    expect(new Learner().feed(usual(before)).feed(fresh(after)).texts).toEqual(expected);
  });

  const rare: [string, Series['body'], Series][] = [
    ['is in one of twenty, and in none of 40 now', (n) => lead(n % 20 === 0 ? { a: 1 } : {}), fresh(() => lead({}))],
    ['is in half, and in none of 40 within an hour', (n) => lead(n % 2 === 0 ? { a: 1 } : {}), fresh(() => lead({}))],
    [
      'is in all but a tenth, and in none for an afternoon',
      (n) => lead(n % 10 > 0 ? { a: 1 } : {}),
      fresh(() => lead({}), 400, 6 * HOUR),
    ],
    ['was in none of 1,000, and is in one of 40', () => lead({}), fresh((n) => lead(n === 3 ? { a: 1 } : {}))],
    ['was never null, and is once', () => lead({ a: 1 }), fresh((n) => lead({ a: n === 3 ? null : 1 }))],
    [
      'is in a short page seldom, and in a long one always',
      () => ({ l: Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? { a: 1 } : {})) }),
      fresh(() => ({ l: [{}] }), 8),
    ],
  ];
  test.each(rare)('no alarm for what %s', (_, before, now) => {
    expect(new Learner().feed(usual(before)).feed(now).texts).toEqual([]);
  });

  it('tells of an optional member that is missing for a whole day', () => {
    const learner = new Learner()
      .feed(usual((n) => lead(n % 2 === 0 ? { a: 1 } : {})))
      .feed(fresh(() => lead({}), 500, DAY + HOUR));
    expect(learner.texts).toEqual([
      `warning ${at}/a: vanished (number), in 500 of 1,000 before and in none of 500 since`,
    ]);
  });

  it.each([
    ['few answers', { answers: 150, over: 2 * DAY, body: () => lead({ a: 1 }) }],
    ['hours alone', { answers: 1_000, over: 20 * HOUR, body: () => lead({ a: 1 }) }],
  ])('says nothing after %s', (_, before) => {
    const learner = new Learner().feed(before).feed(fresh(() => lead({ b: 1 })));
    expect(learner.texts).toEqual([]);
    expect(new Learner().feed(before).book.report(ROUTE, NOON - 5 * DAY + before.over)!.isLearnt).toBe(false);
  });

  it.each([400, 422, 500, 503])('keeps the bodies of %d apart, which fewer answers are enough for', (status) => {
    const told = (body: unknown): Series => ({ answers: 60, over: 2 * DAY, status, body: () => body });
    const learner = new Learner()
      .feed(usual(() => lead({})))
      .feed(told({ errors: [{ title: 'x' }] }))
      .feed({ ...told({ error: 'x' }), answers: 10, over: HOUR });
    const of = status < 500 ? '4xx' : '5xx';
    expect(learner.texts).toEqual([
      `warning ${of} /errors: vanished (list), in 60 of 60 before and in none of 10 since`,
      `info ${of} /error: appeared (string), in 10 of 10 since and in none of 60 before`,
    ]);
  });

  it.each([401, 403, 407, 429, 304])('does not look at %d', (status) => {
    const learner = new Learner().feed({ ...usual(() => lead({})), status });
    expect(learner.book.takeDirty(learner.now)).toEqual([]);
  });

  it('reads what is encoded, and leaves out what is cut', () => {
    const learner = new Learner().feed(usual(() => lead({})));
    for (let n = 0; n < 40; n++) {
      learner.now += 60_000;
      const body = gzipSync(JSON.stringify(lead({ a: 1 })));
      learner.answered(answer({ body, headers: { 'content-encoding': 'gzip' } }));
      learner.now += 60_000;
      learner.answered(answer({ body: '{}', isComplete: false }));
    }
    expect(learner.texts).toEqual([`info ${at}/a: appeared (number), in 40 of 40 since and in none of 1,000 before`]);
  });
});

describe('10,000 answers of optional members', () => {
  it.each([1, 2, 3])(
    'seed %d: no alarm at any of 250 looks',
    (seed) => {
      const random = seeded(seed);
      // From always to once in 5,000 answers, with nulls, types and members of an enum as rare.
      const rates = [1, 0.999, 0.99, 0.95, 0.9, 0.7, 0.5, 0.3, 0.1, 0.05, 0.01, 0.003, 0.001, 0.0002];
      const words = ['novo', 'aberto', 'ganho', 'perdido', 'raro'];
      const body = (): unknown => {
        const members = rates.flatMap((rate, i) => {
          const value = random() < rate ? (random() < rate ? i : 'text') : null;
          return random() < rate ? [[`m${i}`, value] as const] : [];
        });
        const list = Array.from({ length: Math.floor(random() * 5) }, () =>
          random() < 0.02 ? { o: 1, p: 2 } : { p: 2 },
        );
        const status = words[Math.min(4, Math.floor(-Math.log(random()) * 0.9))];
        return { ...Object.fromEntries(members), list, status };
      };
      const learner = new Learner();
      const told = new Set<string>();
      for (let look = 0; look < 250; look++) {
        learner.feed({ answers: 40, over: (6 * DAY) / 250, body });
        for (const text of learner.texts) told.add(text);
      }
      expect([...told]).toEqual([]);
    },
    60_000,
  );
});

describe('a drift', () => {
  const drifted = () => new Learner().feed(usual(() => lead({ city: 'x' }))).feed(fresh(() => lead({ town: 'x' })));

  it('ends once it is accepted, and what changes later is told', () => {
    const learner = drifted();
    const row = learner.book.accepting(ROUTE, learner.now)!;
    learner.book.absorb([row]);
    expect(learner.texts).toEqual([]);
    expect(learner.book.report(ROUTE, learner.now)!.acceptedAt).toBe(new Date(learner.now).toISOString());
    learner.feed(fresh(() => lead({}), 400, 30 * HOUR));
    expect(learner.texts).toEqual(
      [`warning ${at}/town: vanished (string), in 40 of 1,040 before and in none of 400 since`].slice(1),
    );
    learner.feed(fresh(() => ({ data: { id: 'a', attributes: {} } })));
    expect(learner.texts).toEqual([expect.stringContaining(`warning ${at}/phone: vanished (string)`)]);
  });

  it('ends after seven days of the new shape', () => {
    const learner = drifted();
    learner.feed(fresh(() => lead({ town: 'x' }), 600, 6 * DAY));
    expect(learner.texts).toHaveLength(2);
    learner.feed(fresh(() => lead({ town: 'x' }), 200, 2 * DAY));
    expect(learner.texts).toEqual([]);
  });

  it('ends when the former shape is back', () => {
    const learner = drifted().feed(fresh(() => lead({ city: 'x' })));
    expect(learner.texts.filter((text) => text.includes('city'))).toEqual([]);
  });

  it('is not seen in one question that is asked again and again', () => {
    const learner = new Learner().feed(usual(() => lead({ a: 1 })));
    for (let n = 0; n < 100; n++) {
      learner.now += 20_000;
      learner.book.offer(ROUTE, 'GET /same', answer({ body: JSON.stringify(lead({})) }), learner.now);
    }
    expect(learner.texts).toEqual([]);
  });
});

describe('what is kept', () => {
  const status =
    (of: (n: number) => string, name = 'status'): Series['body'] =>
    (n) =>
      lead({ [name]: of(n) });
  const words = (n: number) => ['novo', 'aberto', 'ganho'][n % 3]!;

  it('tells of a new member of an enum', () => {
    const learner = new Learner()
      .feed(usual(status(words)))
      .feed(fresh(status((n) => (n % 2 ? 'arquivado' : words(n)))));
    expect(learner.texts).toEqual([`info ${at}/status: new member arquivado, beside aberto, ganho, novo`]);
  });

  const personal: [string, string, (n: number) => string][] = [
    ['a first name', 'seller', (n) => ['Ana', 'Bruno'][n % 2]!],
    ['a name in small letters', 'assigned', (n) => ['ana', 'bruno'][n % 2]!],
    ['a name where a status is expected', 'status', (n) => ['Ana', 'Bruno'][n % 2]!],
    ['an address', 'address_state', () => 'sp'],
    ['a name behind a status', 'status_name', () => 'ana'],
    ['an e-mail', 'status', () => 'ana@example.com'],
    ['a phone', 'type', () => '11987654321'],
    ['a CPF', 'document_type', () => '11144477735'],
    ['a CPF with dots', 'type', () => '111.444.777-35'],
    ['a sentence', 'reason', () => 'did not call back'],
    ['one of too many', 'status', (n) => `w${'abcdefghijklmnopqrstuvwxyz'[n % 26]!}`],
    ['a long text', 'status', () => 'a'.repeat(33)],
  ];
  test.each(personal)('no text of %s', (_, name, of) => {
    const learner = new Learner().feed(usual(status(of, name)));
    const stored = JSON.stringify(learner.book.takeDirty(learner.now));
    for (const n of [0, 1, 2, 3]) expect(stored).not.toContain(`"${of(n)}"`);
    expect(learner.feed(fresh(status(() => 'outro', name))).texts).toEqual([]);
  });

  it('no member before 200 answers had one', () => {
    const learner = new Learner().feed({ answers: 199, over: 2 * HOUR, body: status(words) });
    expect(JSON.stringify(learner.book.takeDirty(learner.now))).not.toContain('ganho');
    learner.feed({ answers: 1, over: HOUR, body: status(words) });
    expect(JSON.stringify(learner.book.takeDirty(learner.now))).toContain('ganho');
  });

  it('is bounded: a map of things ends at 300 places, and makes no alarm', () => {
    const learner = new Learner().feed(
      usual(
        (n) =>
          Object.fromEntries(
            Array.from({ length: 500 }, (_, i) => [`k${'abcdefghij'[i % 10]!.repeat(1 + i / 10)}${n % 7}`, 1]),
          ),
        300,
      ),
    );
    const [row] = learner.book.takeDirty(learner.now);
    expect(Object.keys(row!.evidence.classes['2xx']!.places)).toHaveLength(300);
    expect(learner.feed(fresh(() => ({ other: 1 }))).texts.filter((text) => !text.includes('the answer'))).toEqual([]);
  });

  it('is bounded in depth and in what is read a second', () => {
    const deep = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ a: inner }), 1);
    const learner = new Learner();
    for (let n = 0; n < 100; n++) learner.offer(deep);
    const [row] = learner.book.takeDirty(learner.now);
    const { places, objects } = row!.evidence.classes['2xx']!;
    expect(Object.keys(places)).toHaveLength(17);
    expect(objects['^']).toEqual([[expect.any(Number), 2, 2]]);
  });
});

describe('instances and restarts', () => {
  const stored = (learner: Learner) =>
    JSON.parse(JSON.stringify(learner.book.takeDirty(learner.now))) as ReturnType<DriftBook['takeDirty']>;

  it('learns from what was stored before, and from others', () => {
    const before = new Learner('before').feed(usual(() => lead({ city: 'x' })));
    const after = new Learner('after');
    after.now = before.now;
    after.book.absorb(stored(before));
    expect(after.feed(fresh(() => lead({}))).texts).toHaveLength(1);
  });

  it('sums the instances, and takes each row in the place of the one before it', () => {
    const [one, two, reader] = [new Learner('one'), new Learner('two'), new Learner('reader')];
    one.feed({ answers: 10, over: 60_000, body: () => lead({}) });
    two.feed({ answers: 5, over: 60_000, body: () => lead({}) });
    reader.book.absorb([...stored(one), ...stored(two)]);
    reader.book.absorb(stored(one.feed({ answers: 3, over: 60_000, body: () => lead({}) })));
    expect(reader.book.report(ROUTE, one.now)!.answers).toBe(18);
  });

  it('puts back what could not be stored', () => {
    const learner = new Learner().feed({ answers: 3, over: 9_000, body: () => lead({}) });
    const rows = learner.book.takeDirty(learner.now);
    expect(learner.book.takeDirty(learner.now)).toEqual([]);
    learner.book.putBack(rows);
    expect(learner.book.takeDirty(learner.now)).toEqual(rows);
  });

  it('begins anew where direct has another endpoint, and passes over rows of other forms', () => {
    const learner = new Learner().feed(usual(() => lead({})));
    learner.book.use([{ ...MODEL, direct: [{ ...MODEL.direct[0]!, template: '/v2/leads/:leadId' }] }]);
    expect(learner.book.report(ROUTE, learner.now)).toMatchObject({ answers: 0, isLearnt: false });
    const row = { route: ROUTE, minute: NOON, instance: 'x', fingerprint: 'GET /v2/leads/:leadId' };
    learner.book.absorb([{ ...row, evidence: { classes: { '2xx': { places: { '': 3 }, objects: {} } } } as never }]);
    expect(learner.book.report(ROUTE, learner.now)!.answers).toBe(0);
  });
});
