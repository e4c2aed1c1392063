import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParityBook } from '../../../../src/facade/compare/book.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { ERROR_REASONS, notRun, type PathAnswer } from '../../../../src/facade/compare/comparison.ts';
import { requestFacts } from '../../../../src/facade/compare/coverage.ts';
import { fixtureSchema, freeze, thaw } from '../../../../src/facade/compare/fixture.ts';
import { keyOf } from '../../../../src/facade/compare/tally.ts';
import { Decimal } from '../../../../src/facade/compare/decimal.ts';
import { Instant } from '../../../../src/facade/compare/instant.ts';
import {
  canonicalText,
  readJson,
  type JsonDocument,
  type JsonValue,
} from '../../../../src/facade/compare/json-value.ts';
import { normalise } from '../../../../src/facade/compare/normalise.ts';
import { OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';
import { answer, json, NOON, ruled, rulesWith } from './support.ts';

const RULES = `ignore: [$..ignored]
tolerate: [{ path: $..near, number: 0.5 }, { path: $..at, time: 2s }]
unordered: [{ path: $..bag }, { path: $..named, by: name }]`;
const rules = rulesWith(RULES, 'compare: { headers: [x-total] }');

/** Keys that the rules speak of among them, so that they meet something. */
const key = fc.constantFrom('id', 'name', 'at', 'near', 'bag', 'named', 'ignored', 'data', 'phone', '5511999990000');
const leaf = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('', '5', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01.000+00:00', '2026-03-01T00:00:00-03:00'),
  fc.integer({ min: -3, max: 12 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(key, tie('document'), { maxKeys: 5 }),
  ),
}));

/** Two documents that have much in common. */
const pair = fc.oneof(
  fc.tuple(document, document),
  fc.tuple(document, document, document).map(
    ([a, b, c]) =>
      [
        { data: [a, b], name: c },
        { data: [a, c], name: c },
      ] as const,
  ),
);

const groupsOf = (control: PathAnswer, candidate: PathAnswer, by = rules) =>
  compareAnswers(by, control, candidate, NOON).differences.map(keyOf).toSorted();

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, shuffled(inner)]),
  );
}

describe('comparison', () => {
  it('finds nothing between a document and itself with its keys in another order', () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(groupsOf(json(value), json(shuffled(value), 'gateway'))).toEqual([]);
        expect(groupsOf(json(value), json(shuffled(value), 'gateway'), rulesWith())).toEqual([]);
      }),
    );
  });

  it('finds something between documents that differ, when no rule excuses it', () => {
    fc.assert(
      fc.property(document, document, (a, b) => {
        const isSame = canonicalText(read(a).value) === canonicalText(read(b).value);
        expect(groupsOf(json(a), json(b), rulesWith()).length === 0).toBe(isSame);
      }),
    );
  });

  it('never throws, whatever the upstreams answer', () => {
    const anything = fc.record({
      path: fc.constantFrom('direct' as const, 'gateway' as const),
      status: fc.integer({ min: 0, max: 599 }),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        document.map((value) => JSON.stringify(value)),
      ),
      headers: fc.dictionary(fc.constantFrom('content-type', 'content-encoding', 'x-total'), fc.string()),
      isWhole: fc.boolean(),
      failure: fc.constantFrom<(Outcome | undefined)[]>(undefined, ...(Object.keys(OUTCOMES) as Outcome[])),
    });
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const { result, reason } = compareAnswers(rules, answer(a), answer(b), NOON);
        expect(result === 'error').toBe(reason !== undefined);
      }),
    );
  });
});

const read = (value: unknown) => readJson(Buffer.from(JSON.stringify(value))) as JsonDocument;

/** A normalised document as JSON again. */
function written(value: JsonValue): string {
  if (value instanceof Decimal) return value.text;
  if (value instanceof Instant) return JSON.stringify(new Date(value.at));
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value as Record<string, JsonValue>)
    .map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`)
    .join()}}`;
}

describe('normalising', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(document, (value) => {
        const once = normalise(read(value), rules.route.compare);
        const again = normalise(readJson(Buffer.from(written(once))) as JsonDocument, rules.route.compare);
        expect(canonicalText(again)).toBe(canonicalText(once));
      }),
    );
  });
});

describe('samples', () => {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const frozen = (control: PathAnswer, candidate: PathAnswer, reveal: boolean) =>
    freeze({ route: 'leads.get', at: NOON, differences: [], control, candidate }, rules, random, reveal);

  it('show the same groups when they are redacted, frozen and thawed', () => {
    fc.assert(
      fc.property(pair, fc.boolean(), ([a, b], reveal) => {
        const [control, candidate] = [json(a), json(b, 'gateway')];
        const text = JSON.stringify(frozen(control, candidate, reveal));
        const thawed = thaw(fixtureSchema.parse(JSON.parse(text)));
        expect(groupsOf(thawed.control, thawed.candidate)).toEqual(groupsOf(control, candidate));
      }),
      { numRuns: 500 },
    );
  });

  it('hold no text and no number of the documents', () => {
    const marked = {
      name: 'MARKED-a',
      n: 918_273_645,
      at: '1985-05-15T10:00:00Z',
      '5511987654321': ['MARKED-b', '31.5'],
    };
    const other = { ...marked, name: 'MARKED-c', n: 918_273_646, phone: '918273645' };
    const text = JSON.stringify(frozen(json(marked), json(other, 'gateway'), false));
    expect(text).not.toMatch(/MARKED|918273|1985|5511987654321|31\.5/);
    expect(JSON.stringify(frozen(json(marked), json(other, 'gateway'), true))).toMatch(/MARKED-c/);
  });
});

describe('the report', () => {
  const MARKED = /MARKED|91827364/;
  const values = fc.constantFrom<unknown[]>(
    'MARKED-a',
    'MARKED-b',
    918_273_645,
    918_273_646,
    '',
    null,
    true,
    '2026-01-01T00:00:00Z',
  );
  const marked = fc.dictionary(
    fc.constantFrom('name', 'phone', 'MARKED 5511999990000', 'items'),
    fc.oneof(values, fc.array(fc.record({ id: values, x: values }), { maxLength: 3 })),
  );
  const query = fc.constantFrom(
    '',
    'page=2',
    'phone=MARKED',
    'status=MARKED',
    'MARKED=1',
    'page=91827364',
    '%',
    'a&b=&=',
  );
  const row = `id: leads.list
direct: GET /integration/leads
gateway: GET /leads
rollout: { gateway: 0 }
query:
  page: { type: integer }
  phone: { type: string }
  status: { type: string, values: [novo] }`;
  const { rules, settings } = ruled(RULES, '', row);

  it('never throws, counts everything, and holds no value of a document or a query', () => {
    const observation = fc.oneof(
      fc.record({
        a: marked,
        b: marked,
        query,
        isNoise: fc.boolean(),
        status: fc.constantFrom(200, 200, 200, 404, 429, 503),
      }),
      fc.constantFrom(...ERROR_REASONS),
    );
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 60 }), (observations) => {
        const book = new ParityBook('one', settings);
        book.use(settings, [rules]);
        for (const one of observations) {
          if (typeof one === 'string') {
            book.record('leads.list', { kind: 'cross', comparison: notRun(one), facts: [] }, NOON);
            continue;
          }
          const [control, candidate] = [
            json(one.a),
            answer({ path: one.isNoise ? 'direct' : 'gateway', status: one.status, body: JSON.stringify(one.b) }),
          ];
          const comparison = compareAnswers(rules, control, candidate, NOON);
          const facts = requestFacts(rules.route, one.query);
          book.seen('leads.list', facts, NOON);
          book.record('leads.list', { kind: one.isNoise ? 'noise' : 'cross', comparison, facts }, NOON, {
            control,
            candidate,
          });
        }
        const report = book.report('leads.list', NOON);
        expect(JSON.stringify(report)).not.toMatch(MARKED);
        expect(JSON.stringify(book.takeDirty())).not.toMatch(MARKED);
        expect(report?.window.shadows).toBe(observations.length);
        const samples = book.samples('leads.list').map((sample) => freeze(sample, rules, Math.random));
        expect(JSON.stringify(samples)).not.toMatch(MARKED);
      }),
    );
  });
});
