import { percentDecode } from '../../http/percent.ts';
import { toGatewayQuery } from '../dialect/query.ts';
import type { RouteModel } from '../rollout/route.ts';
import { readPlainJson } from './json-value.ts';
import { nameOf, shapeOf } from './shape.ts';

/**
 * What was tried, in facts: short texts of a bounded vocabulary, `param status`, `value status=novo`, `depth page=2-5`,
 * `status 200`, `shape /data/seller null`. A parity of 100 % over one query says nothing of the others; a fact that
 * live traffic shows and no shadow has compared holds a route back. No fact holds a value that is not in the route's own
 * vocabulary.
 */

const OTHER = '(other)';

/** Facts of a request. @param query raw, without the question mark, in either dialect: names are the same on both. */
export function requestFacts({ query: rule }: RouteModel, query: string): string[] {
  if (query === '') return Object.keys(rule).length === 0 ? [] : ['param (none)'];
  // Such a request stays direct whatever the table says, so there is nothing to compare.
  if (toGatewayQuery(rule, query).kind !== 'ok') return ['form direct only'];
  const facts = new Set<string>();
  for (const [rawName = '', rawValue = ''] of query.split('&').map((pair) => pair.split('=', 2))) {
    const name = percentDecode(rawName) ?? '';
    const value = percentDecode(rawValue) ?? '';
    const parameter = Object.hasOwn(rule, name) ? rule[name] : undefined;
    if (!parameter) continue;
    facts.add(`param ${name}`);
    const words = parameter.type === 'boolean' ? ['true', 'false'] : parameter.values;
    if (words) facts.add(`value ${name}=${words.includes(value) ? value : OTHER}`);
    if (parameter.type === 'integer') facts.add(`depth ${name}=${depthOf(value)}`);
  }
  return [...facts];
}

const DEPTHS = [
  [1, '1'],
  [5, '2-5'],
  [20, '6-20'],
  [50, '21-50'],
] as const;

function depthOf(value: string): string {
  return DEPTHS.find(([deepest]) => Number(value) <= deepest)?.[1] ?? 'more than 50';
}

/** Errors are known by their status alone: their texts differ by dialect. @param body undefined: nobody can read it. */
export function bodyFacts(status: number, contentType: string | undefined, body: Buffer | undefined): string[] {
  const facts = [`status ${status}`];
  if (status >= 400 || !body) return facts;
  if (body.length === 0) return [...facts, 'body empty'];
  const plain = readPlainJson(body, contentType);
  if (plain === undefined) return [...facts, 'body other'];
  const shapes = new Set<string>();
  collectShapes(plain, '', shapes);
  return [...facts, 'body json', ...shapes];
}

/** A document with more different places than this is no record but a map of things; the first ones must do. */
const MAX_SHAPES = 300;

function collectShapes(value: unknown, path: string, shapes: Set<string>): void {
  if (shapes.size >= MAX_SHAPES) return;
  // An empty text and a timestamp come and go with the data; a program minds null, absence, types and empty lists.
  shapes.add(`shape ${path} ${typeof value === 'string' ? 'string' : shapeOf(value)}`);
  if (Array.isArray(value)) for (const item of value) collectShapes(item, `${path}/*`, shapes);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) collectShapes(inner, `${path}/${nameOf(name)}`, shapes);
  }
}

/** How many facts of each kind: `49 facts (3 param, 46 shape)`. A few are named: `param status, status 201`. */
export function factCounts(facts: readonly string[]): string {
  if (facts.length <= 3) return facts.join(', ');
  const kinds = Map.groupBy(facts, (fact) => fact.split(' ', 1)[0] ?? '');
  const counts = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([kind, of]) => `${of.length} ${kind}`);
  return `${facts.length} facts (${counts.join(', ')})`;
}
