import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/facade/config/load.ts';
import { keptByGateway, toDirect, toGateway } from '../../src/facade/dialect/body.ts';
import { readObject } from '../../src/facade/dialect/json.ts';
import { toGatewayQuery } from '../../src/facade/dialect/query.ts';
import { readJson } from '../../src/facade/compare/json-value.ts';

/**
 * Translation against bytes that nobody meant: it never throws, what it makes is JSON again, and nothing that it takes
 * is read by it in another way than by JSON.parse. (unit/facade/dialect/body.properties.test.ts has its meaning.)
 */

const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
const rules = parsed.config.routes.flatMap(({ body }) => (body ? [body] : []));
const queries = parsed.config.routes.flatMap(({ query }) => (query ? [query] : []));

const json = fc.json({ depthSize: 'medium' });
/** JSON with a few bytes changed, left out or put in. */
const damaged = fc
  .tuple(
    json,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\ud800', '0')), {
      maxLength: 3,
    }),
  )
  .map(([text, changes]) =>
    changes.reduce(
      (now, [at, put]) => now.slice(0, at % (now.length + 1)) + put + now.slice((at % (now.length + 1)) + 1),
      text,
    ),
  );
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  json.map((text) => Buffer.from(text)),
  damaged.map((text) => Buffer.from(text)),
);
const runs = { numRuns: 800 };

test('any bytes as a body: taken or left, never thrown at', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom(...rules), (body, rule) => {
      for (const translate of [toGateway, keptByGateway, toDirect]) {
        const result = translate(rule, body, new Map([['leadId', '42']]));
        if (result.kind === 'ok') expect(() => void JSON.parse(result.value.toString())).not.toThrow();
      }
    }),
    runs,
  );
});

test('what the reader takes JSON.parse takes, with the same keys', () => {
  fc.assert(
    fc.property(bodies, (body) => {
      const read = readObject(body, 'refuse');
      if (read.kind !== 'ok') return;
      const plain = JSON.parse(body.toString()) as object;
      expect(new Set(read.value.members.map(({ key }) => key))).toEqual(new Set(Object.keys(plain)));
      expect(read.value.source).toBe(body.toString().trim());
    }),
    runs,
  );
});

test('any bytes as an answer to compare: read or not, never thrown at', () => {
  fc.assert(
    fc.property(bodies, (body) => {
      const document = readJson(body);
      if (document) expect(() => void JSON.stringify(document.plain())).not.toThrow();
    }),
    runs,
  );
});

test('any query: taken or left, and what is taken holds no byte that could end the request line', () => {
  const query = fc.oneof(
    fc.stringMatching(/^[\x21-\x7e]{0,40}$/),
    fc
      .array(fc.constantFrom('page=1', 'perpage=50', '&', '=', '%', '%00', '%0d%0a', 'status=novo', 'sort=', '+', '[]'))
      .map((all) => all.join('&')),
  );
  fc.assert(
    fc.property(query, fc.constantFrom(...queries), (text, rule) => {
      const result = toGatewayQuery(rule, text);
      if (result.kind === 'ok') expect(result.value).toMatch(/^[\x21-\x7e]*$/);
    }),
    runs,
  );
});
