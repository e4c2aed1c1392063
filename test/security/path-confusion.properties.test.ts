import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../src/facade/config/load.ts';
import { paramsSafe } from '../../src/facade/forward/choose.ts';
import { targetFor } from '../../src/facade/forward/plan.ts';
import { runtimeSettings } from '../../src/facade/forward/settings.ts';
import { RuntimeBuilder } from '../../src/facade/forward/runtime-builder.ts';
import { parseTarget } from '../../src/facade/forward/target.ts';
import { Metrics } from '../../src/facade/observe/metrics.ts';
import type { RouteModel } from '../../src/facade/rollout/route.ts';

/**
 * Path confusion: facade and upstream must not read one path as two operations. The shipped table is asked with paths
 * made of everything that parsers disagree about, and what would be sent is read again as the upstreams read it: the
 * Python gateway decodes the whole path before it routes and pastes parameters unescaped into the URL that it asks,
 * and a server in front of Contact2Sale may resolve dot segments.
 */

const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
const builder = new RuntimeBuilder(new Metrics(), () => 0);
const { matcher, entries } = builder.build(runtimeSettings(parsed.config, CONTACT2SALE, 'r'));
afterAll(() => builder.close());
const models = entries.map(({ model }) => model);

const odd = fc.constantFrom(
  ...['%2e', '%2E%2e', '.', '..', '%2f', '%2F', '%5c', '\\', ';', ';v=1', '//', '%00', '%0a', '%0d%0a', '%3f', '%23'],
  ...['%25', '%252e', '%252f', '%c0%af', '%e0%80%af', '%ff', '%', '%zz', '+', '%20', '*', '~', ':', '@', '&', '='],
  ...['resolve-source', 'resolve%2Dsource', 'RESOLVE-SOURCE', 'tags', 'forward', 'messages', '42', 'a', 'LEADS', 'é'],
);
const segment = fc.oneof(
  { weight: 2, arbitrary: fc.array(odd, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.stringMatching(/^[\x21-\x7e]{1,8}$/).map((text) => text.replace(/[?#\s]/g, '')) },
);
/** The template of an endpoint, with anything in the places of its parameters, and a little damage. */
const paths = fc
  .tuple(
    fc.constantFrom(...models.flatMap(({ direct, gateway }) => [...direct, ...gateway])),
    fc.array(segment, { minLength: 6, maxLength: 6 }),
    fc.constantFrom('', '', '', '/', '//', '/.', '/..', ';x', '%2f'),
  )
  .map(([endpoint, values, tail]) => {
    const filled = endpoint.segments.map((one) => (typeof one === 'string' ? one : values[one]));
    return { method: endpoint.method, path: `/${filled.join('/')}${tail}` };
  });

function decodedOrUndefined(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** As Starlette routes: on the decoded path, literals first where the table puts them first. */
function asGatewayReads(method: string, path: string): { id: string; params: Map<string, string> } | undefined {
  const decoded = decodedOrUndefined(path);
  if (decoded === undefined) return undefined;
  const given = decoded.split('/').slice(1);
  const found = models
    .flatMap((model) => model.gateway.map((endpoint) => ({ model, endpoint })))
    .filter(({ endpoint }) => endpoint.method === method && endpoint.segments.length === given.length)
    .filter(({ endpoint }) =>
      endpoint.segments.every((one, i) => (typeof one === 'string' ? one === given[i] : given[i] !== '')),
    )
    .toSorted((a, b) => literals(b.endpoint.segments) - literals(a.endpoint.segments))[0];
  if (!found) return undefined;
  const params = found.endpoint.segments.flatMap((one, i) =>
    typeof one === 'number' ? [[found.model.params[one] as string, given[i] as string] as const] : [],
  );
  return { id: found.model.id, params: new Map(params) };
}
const literals = (segments: readonly unknown[]): number => segments.filter((one) => typeof one === 'string').length;

/**
 * The URL that the gateway asks: the parameter as it was decoded, pasted; then read as a strict server would. Its client
 * encodes a space, which `URL` would cut off at the end.
 */
function asContact2SaleReads(model: RouteModel, params: ReadonlyMap<string, string>): string | undefined {
  const endpoint = model.direct[0];
  if (!endpoint) return undefined;
  const pasted = endpoint.segments.map((one) =>
    typeof one === 'string' ? one : params.get(model.params[one] as string),
  );
  return new URL(`http://c2s.invalid/${pasted.join('/').replaceAll(' ', '%20')}`).pathname;
}

const runs = { numRuns: 1_500 };

describe('a path', () => {
  test('that takes the gateway is there the operation that the facade took it for, and so is what the gateway asks', () => {
    let [sent, kept] = [0, 0];
    fc.assert(
      fc.property(paths, ({ method, path }) => {
        const target = parseTarget(path);
        const match = matcher.match(method, target.path);
        if (!match || match.route.model.gateway.length === 0 || !paramsSafe(match)) return void kept++;
        const planned = targetFor(match, 'gateway', target);
        if (planned.kind !== 'ok') return;
        sent++;
        const { model } = match.route;
        const askedBy = match.dialect === 'gateway' ? method : (model.gateway[0]?.method ?? '');
        const read = asGatewayReads(askedBy, planned.value.split('?')[0] as string);
        expect(read?.id).toBe(model.id);
        const asked = read && asContact2SaleReads(model, read.params);
        if (asked !== undefined) {
          expect(matcher.match(model.direct[0]?.method ?? '', asked)?.route.model.id).toBe(model.id);
        }
      }),
      runs,
    );
    expect(Math.min(sent, kept)).toBeGreaterThan(150);
  });

  test('that stays direct is sent byte for byte', () => {
    fc.assert(
      fc.property(paths, fc.stringMatching(/^[\x21-\x7e]{0,20}$/), ({ method, path }, query) => {
        const url = query === '' ? path : `${path}?${query.replaceAll('#', '')}`;
        const target = parseTarget(url);
        const match = matcher.match(method, target.path);
        if (match?.dialect !== 'direct') return;
        expect(targetFor(match, 'direct', target)).toEqual({ kind: 'ok', value: url });
      }),
      runs,
    );
  });

  test('never makes the matcher throw, and what matched has every parameter, none of them empty', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      paths.map(({ path }) => path),
      fc.array(odd).map((all) => `/${all.join('/')}`),
    );
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'PATCH', 'HEAD', 'get', '__proto__'), anything, (method, path) => {
        const match = matcher.match(method, parseTarget(path).path);
        if (!match) return;
        expect(match.params).toHaveLength(match.route.model.params.length);
        expect(match.params.every((param) => param !== undefined && param !== '' && !param.includes('/'))).toBe(true);
      }),
      runs,
    );
  });

  test('in another case is another path, on either side', () => {
    for (const path of ['/LEADS/42', '/Leads/42', '/INTEGRATION/leads/42', '/integration/Leads/42']) {
      expect(matcher.match('GET', path)).toBeUndefined();
    }
  });
});
