import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import type { BodyField } from '../../../../src/facade/config/schema.ts';
import { headFits, mustHoldBody, planFor } from '../../../../src/facade/forward/plan.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { runtimeSettings } from '../../../../src/facade/forward/settings.ts';
import { parseTarget } from '../../../../src/facade/forward/target.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { Dialect, RouteModel } from '../../../../src/facade/rollout/route.ts';

/**
 * Every route of the shipped table, in both dialects, against everything that the gateway would drop or alter: it is
 * never planned for the gateway, and the reason names the field.
 */

const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
const builder = new RuntimeBuilder(new Metrics(), () => 0);
const { entries, matcher } = builder.build(runtimeSettings(parsed.config, CONTACT2SALE, 'r'));
afterAll(() => builder.close());

const DIALECTS: readonly Dialect[] = ['direct', 'gateway'];
const HEAD = { headers: { 'content-type': 'application/json' } } as unknown as IncomingMessage;

function planned(method: string, url: string, body?: string) {
  const target = parseTarget(url);
  const match = matcher.match(method, target.path);
  if (!match) throw new Error(`no route for ${method} ${url}`);
  const fits = headFits(match, 'gateway', HEAD, body !== undefined);
  if (fits.kind !== 'ok') return fits;
  if (body !== undefined && !mustHoldBody(match, 'gateway', HEAD)) throw new Error('the body would not be looked at');
  return planFor(match, 'gateway', target, body !== undefined, body === undefined ? undefined : Buffer.from(body));
}

/** An address of the route in this dialect, with an id for each parameter. */
function addressOf(model: RouteModel, dialect: Dialect): [method: string, url: string] {
  const [endpoint] = model[dialect];
  if (!endpoint) throw new Error(`${model.id} has no ${dialect} endpoint`);
  return [endpoint.method, endpoint.template.replace(/:\w+/g, '42')];
}

const PLAIN: Record<BodyField['type'], string> = {
  string: '"x"',
  integer: '3',
  number: '2.5',
  boolean: 'true',
  object: '{"a":1}',
  array: '[1]',
};

/** Values that the gateway coerces, drops or cannot read, by the type that it expects. */
const ODD: Record<BodyField['type'], readonly string[]> = {
  string: ['5', 'true', 'null', '1.9', '{}', '["x"]', '"\\ud800"', '12345678901234567890'],
  integer: ['"3"', '1.9', '1e19', '1e22', 'null', 'true', '1e400', '12345678901234567890'],
  number: ['"2.5"', 'null', 'true', '1e400', '0.1234567890123456789'],
  boolean: ['"true"', '1', '0', 'null'],
  object: ['null', '[]', '"x"', '{"a":1,"a":2}', '{"a":1e400}', '{"a":"\\ud800"}', '{"a":12345678901234567890}'],
  array: ['null', '{}', '"x"', '[1e400]', '[{"a":1,"a":1}]'],
};

interface Member {
  /** In the dialect of the row. */
  readonly name: string;
  readonly field: BodyField;
}

function membersOf({ body }: RouteModel, dialect: Dialect): Member[] {
  return Object.entries(body?.fields ?? {}).map(([name, field]) => {
    const direct = Array.isArray(field.direct) ? field.direct[0] : field.direct;
    return { name: dialect === 'direct' ? (direct ?? name) : name, field };
  });
}

function plainValue({ field }: Member): string {
  const value = field.values ? JSON.stringify(field.values[0]) : PLAIN[field.type];
  return field.list ? `[${value}]` : value;
}

/** What the gateway would alter in the field's place; a list is tried with each as its item, and with none. */
function oddValues({ field }: Member): readonly string[] {
  if (!field.list) return ODD[field.type];
  return ['"x"', 'null', ...ODD[field.type].map((odd) => `[${odd}]`)];
}

const written = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;

const withBody = entries
  .filter(({ model }) => model.body && model.direct.length > 0 && model.gateway.length > 0)
  .flatMap(({ model }) => DIALECTS.map((dialect) => [model.id, dialect, model] as const));

describe.each(withBody)('a body for %s in the dialect of %s', (_, dialect, model) => {
  const [method, url] = addressOf(model, dialect);
  const members = membersOf(model, dialect);
  const plain = members.map((member) => [member.name, plainValue(member)] as const);
  const ask = (body: string) => planned(method, url, body);

  test('that the gateway keeps whole is planned for it; of its own dialect as it came', () => {
    const asked = ` ${written(plain)}`;
    const plan = ask(asked);
    expect(plan.kind).toBe('ok');
    if (plan.kind !== 'ok' || dialect === 'direct') return;
    expect(plan.value).toMatchObject({ body: Buffer.from(asked), isTranslated: false });
  });

  test('that has a field more is not, and the field is named', () => {
    for (const more of ['phones', 'campaign_id', '__proto__', 'constructor']) {
      const plan = ask(written([...plain, [more, '"x"']]));
      expect([more, plan]).toMatchObject([more, { kind: 'untranslatable', field: more }]);
    }
  });

  test.each(members.flatMap((member) => oddValues(member).map((odd) => [member.name, odd] as const)))(
    'with %s: %s is not, and the field is named',
    (name, odd) => {
      const plan = ask(written(plain.map(([key, value]) => [key, key === name ? odd : value])));
      expect(plan).toMatchObject({ kind: 'untranslatable', field: name });
    },
  );

  test('that says a field twice is not', () => {
    for (const [name, value] of plain) {
      expect(ask(written([...plain, [name, value]]))).toMatchObject({ kind: 'untranslatable', field: name });
    }
  });

  test('that leaves out what the gateway requires is not', () => {
    for (const { name, field } of members) {
      if (!field.required) continue;
      const plan = ask(written(plain.filter(([key]) => key !== name)));
      expect([name, plan.kind]).toEqual([name, 'untranslatable']);
    }
  });

  test.each(['', '[]', '"x"', 'null', '{', '\ufeff{}', `${'['.repeat(100)}`])('that is %j is not', (body) => {
    expect(ask(body).kind).toBe('untranslatable');
  });

  test('that is missing is not', () => expect(planned(method, url).kind).toBe('untranslatable'));

  test('that is no text of UTF-8 by its type is not, in the dialect that says so', () => {
    const match = matcher.match(method, url);
    if (!match) throw new Error('no route');
    const fits = (charset: string) =>
      headFits(match, 'gateway', { headers: { 'content-type': `application/json; ${charset}` } }, true).kind;
    for (const charset of ['charset=utf-8', 'Charset="UTF-8"', 'a=b'])
      expect([charset, fits(charset)]).toEqual([charset, 'ok']);
    for (const charset of ['charset=iso-8859-1', 'charset', 'a=b; CHARSET = latin1', 'charset=us-ascii']) {
      expect([charset, fits(charset)]).toEqual([charset, dialect === 'direct' ? 'untranslatable' : 'ok']);
    }
  });

  test('that is no plain JSON by its head is not', () => {
    const match = matcher.match(method, url);
    if (!match) throw new Error('no route');
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/a/b+json' },
      { 'content-encoding': 'gzip' },
    ]) {
      expect(headFits(match, 'gateway', { headers }, true).kind).toBe('untranslatable');
    }
  });
});

const all = entries
  .filter(({ model }) => model.gateway.length > 0)
  .flatMap(({ model }) =>
    DIALECTS.filter((dialect) => model[dialect].length > 0).map((dialect) => [model.id, dialect, model] as const),
  );

describe.each(all)('a query for %s in the dialect of %s', (_, dialect, model) => {
  const [method, url] = addressOf(model, dialect);
  const members = membersOf(model, dialect);
  const body = model.body && written(members.map((member) => [member.name, plainValue(member)]));
  const ask = (query: string) => planned(method, `${url}?${query}`, body);

  test.each(['limit=5', 'last_update=2026-01-01', 'per_page=2', 'ana%40example.test=1'])('with %s is not', (query) => {
    const field = decodeURIComponent(query.split('=')[0] ?? '');
    expect(ask(query)).toMatchObject({ kind: 'untranslatable', field });
  });

  test('that it knows is planned; one that it would read otherwise is not', () => {
    for (const [name, { type, max }] of Object.entries(model.query)) {
      const value = type === 'integer' ? '1' : type === 'boolean' ? 'true' : 'x';
      expect([name, ask(`${name}=${value}`).kind]).toEqual([name, 'ok']);
      const odd = ['', '+', '%00', ...(type === 'string' ? [] : ['1_0', 'x']), ...(max ? [String(max + 1)] : [])];
      for (const text of odd) {
        expect([name, text, ask(`${name}=${text}`)]).toMatchObject([name, text, { field: name }]);
      }
      expect(ask(`${name}=${value}&${name}=${value}`)).toMatchObject({ kind: 'untranslatable', field: name });
    }
  });
});

test('a body where the route has none does not go to the gateway, in either dialect', () => {
  for (const url of ['/leads/42/mark-interacted', '/integration/leads/42/mark_as_interacted']) {
    expect(planned('POST', url, '{"a":1}').kind).toBe('untranslatable');
    expect(planned('POST', url).kind).toBe('ok');
  }
});
