import type { PairWithEndpoints, Endpoints } from './endpoints.ts';
import { parameterIn, segmentsOf, type Matching } from './match.ts';
import type { ApiOperation } from './openapi.ts';
import { camelCase, wordsOf } from './text.ts';
import { translate, type RouteTranslation } from './translate.ts';

/** Routes of the rollout table from pairs of operations: ids, and what each route says. Pure. */

export interface RouteDraft extends Pick<PairWithEndpoints, 'directEndpoint' | 'gatewayEndpoint' | 'remarks'> {
  readonly id: string;
  /** Of the first segment: routes of the same one stand together. */
  readonly section: string;
  readonly summary: string | undefined;
  /** A path parameter, or `caller`. */
  readonly stickyBy: string;
  readonly translation: RouteTranslation | undefined;
}

export interface RouteDrafts {
  /** Routes that the facade serves: each has an endpoint on direct. */
  readonly routes: readonly RouteDraft[];
  /** Routes for a human to decide on: operations of the gateway alone. */
  readonly gatewayOnly: readonly RouteDraft[];
  /** Remarks on operations of which no route can be made. */
  readonly refused: readonly string[];
}

/** The most remarks on one route; the documents hold the rest. */
const MAX_REMARKS = 12;
/** Not for routes: metrics call by it what no route claims. */
const RESERVED = 'passthrough';
const MAX_ID = 80;

export function draftRoutes(endpoints: Endpoints, prefix: Matching['prefix']): RouteDrafts {
  const ids = new Ids();
  const made = endpoints.pairs.map((pair) => ({ pair, route: draftRoute(pair, prefix, ids) }));
  const served = made.filter(({ route }) => route.directEndpoint !== undefined);
  const others = made.filter(({ route }) => route.directEndpoint === undefined);
  return {
    routes: bySection(served.map(({ route }) => route)),
    gatewayOnly: bySection(others.map(({ route }) => route).filter((route) => route.gatewayEndpoint !== undefined)),
    refused: others.filter(({ route }) => route.gatewayEndpoint === undefined).flatMap(({ route }) => route.remarks),
  };
}

function draftRoute(pair: PairWithEndpoints, prefix: Matching['prefix'], ids: Ids): RouteDraft {
  const { direct, gateway, directEndpoint, gatewayEndpoint, params } = pair;
  const operation = direct ?? gateway;
  const begin = direct ? prefix.direct : prefix.gateway;
  const words = operation ? idWords(operation, begin) : [];
  const isPair = direct && gateway && directEndpoint !== undefined && gatewayEndpoint !== undefined;
  const translation = isPair ? translate(direct, gateway, params) : undefined;
  const remarks = [...pair.remarks, ...(translation?.remarks ?? [])];
  return {
    id: ids.take(words),
    section: words[0] ?? '',
    summary: direct?.summary ?? gateway?.summary,
    directEndpoint,
    gatewayEndpoint,
    stickyBy: params[0] ?? 'caller',
    translation,
    remarks: remarks.length > MAX_REMARKS ? [...remarks.slice(0, MAX_REMARKS - 1), 'and more of the kind'] : remarks,
  };
}

/** Stable: sections in the order in which they first appear. */
const bySection = (routes: readonly RouteDraft[]): RouteDraft[] =>
  [...Map.groupBy(routes, ({ section }) => section).values()].flat();

/** `GET /leads/{id}/tags` → `[leads, tags, list]`. */
function idWords({ method, path }: ApiOperation, prefix: readonly string[]): string[] {
  const segments = segmentsOf(path);
  const isUnder = prefix.every((segment, i) => segments[i] === segment) && segments.length > prefix.length;
  const rest = isUnder ? segments.slice(prefix.length) : segments;
  const names = rest
    .filter((segment) => parameterIn(segment) === undefined)
    .map((segment) => camelCase(wordsOf(segment)));
  const last = rest.at(-1);
  const verb = verbOf(method, last === undefined || parameterIn(last) === undefined ? last : undefined);
  const words = [...names, verb].filter((name) => /^[a-z]/.test(name));
  return words.length > 0 ? words : ['root', method.toLowerCase()];
}

const isPlural = (name: string): boolean => /[^su]s$/i.test(name);

/** What is done, in a word. @param last the name at the end of the path; undefined: it ends in a parameter. */
function verbOf(method: string, last: string | undefined): string {
  switch (method) {
    case 'GET':
      return last !== undefined && isPlural(last) ? 'list' : 'get';
    case 'POST':
      // `/leads` is a collection, and `/leads/{id}/done_deal` already says what is done.
      return last === undefined || isPlural(last) ? 'create' : '';
    case 'PUT':
      return 'replace';
    case 'PATCH':
      return 'update';
    default:
      return method.toLowerCase();
  }
}

class Ids {
  readonly #taken = new Set([RESERVED]);
  /** The last number given to an id that was taken. */
  readonly #numbers = new Map<string, number>();

  /** `leads.list`, or `leads.list2` where that is taken. */
  take(words: readonly string[]): string {
    const wanted = words.join('.').slice(0, MAX_ID).replace(/\.$/, '');
    let id = wanted;
    let number = this.#numbers.get(wanted) ?? 1;
    while (this.#taken.has(id)) id = `${wanted}${++number}`;
    this.#numbers.set(wanted, number);
    this.#taken.add(id);
    return id;
  }
}
