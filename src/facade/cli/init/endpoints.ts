import { Matcher } from '../../rollout/matcher.ts';
import { isParameter, parseEndpoint } from '../../config/endpoint.ts';
import { segmentFault } from '../../config/checks/endpoints.ts';
import { nameOf, parameterIn, parametersIn, segmentsOf, type Matching, type OperationPair } from './match.ts';
import type { ApiOperation } from './openapi.ts';
import { camelCase, oneLine, wordsOf } from './text.ts';

/**
 * Endpoints for the routes: `METHOD /path/:parameter`, with the same parameter names on both sides, and no method and path
 * claimed twice. An endpoint that cannot be written becomes a remark. Pure.
 */

export interface PairWithEndpoints extends OperationPair {
  readonly directEndpoint: string | undefined;
  readonly gatewayEndpoint: string | undefined;
  /** Names of the path parameters. */
  readonly params: readonly string[];
}

export interface Endpoints {
  readonly pairs: readonly PairWithEndpoints[];
  /** What stands in the URL of the gateway and no longer in its endpoints: `/v2`, or nothing. */
  readonly gatewayBase: string;
}

/** Characters of a path. */
const MAX_PATH = 1_000;
const MAX_PARAMETER = 64;

/**
 * @returns endpoints for every pair. Where both APIs have the same paths, the beginning that all paths of the gateway share
 * is moved into its URL: a route cannot hold the same method and path twice, since nobody could tell its dialect.
 */
export function endpointsFor({ pairs, prefix }: Matching): Endpoints {
  const shared = sharedPrefix(pairs, prefix.gateway);
  let best = claim(pairs, 0);
  let moved = 0;
  for (let length = 1; length <= shared.length && best.refused > 0; length++) {
    const next = claim(pairs, length);
    if (next.refused < best.refused) [best, moved] = [next, length];
  }
  const gatewayBase = shared.slice(0, moved).map((segment) => `/${segment}`);
  return { pairs: withTaken(best.pairs), gatewayBase: gatewayBase.join('') };
}

/** Remarks on plain paths of the gateway that were a record of direct before: `/leads/stats` was a lead `stats`. */
function withTaken(pairs: readonly PairWithEndpoints[]): PairWithEndpoints[] {
  const matcher = new Matcher<PairWithEndpoints>();
  for (const pair of pairs) {
    if (pair.directEndpoint === undefined) continue;
    const endpoint = parseEndpoint(pair.directEndpoint);
    const segments = endpoint.segments.map((segment) => (isParameter(segment) ? 0 : segment));
    matcher.add({ route: pair, dialect: 'direct', endpoint: { ...endpoint, segments } });
  }
  return pairs.map((pair) => {
    if (pair.directEndpoint === undefined || pair.gatewayEndpoint === undefined) return pair;
    const { method, template } = parseEndpoint(pair.gatewayEndpoint);
    const taken = matcher.match(method, template)?.route;
    if (!taken || taken === pair) return pair;
    const remark = `${pair.gatewayEndpoint} of the gateway is read by this route from now on, and no longer as ${taken.directEndpoint} of direct`;
    return { ...pair, remarks: [...pair.remarks, remark] };
  });
}

/** The part of the prefix that every path of the gateway has, and that leaves a name of each. */
function sharedPrefix(pairs: readonly OperationPair[], prefix: readonly string[]): readonly string[] {
  const paths = pairs.flatMap(({ gateway }) => (gateway ? [segmentsOf(gateway.path)] : []));
  const isShared = (length: number): boolean =>
    paths.every((path) => path.length > length && prefix.slice(0, length).every((segment, i) => path[i] === segment));
  let length = 0;
  while (length < prefix.length && isShared(length + 1) && segmentFault(prefix[length] ?? '') === undefined) length++;
  return prefix.slice(0, length);
}

/** @param moved how many segments of the gateway's paths stand in its URL. */
function claim(
  pairs: readonly OperationPair[],
  moved: number,
): { readonly pairs: PairWithEndpoints[]; readonly refused: number } {
  const claims = new Map<string, string>();
  let refused = 0;
  const written = pairs.map((pair) => ({ pair, params: parameterNames(pair) }));
  // All of direct first: what callers use today is served whatever becomes of the rest.
  const ofDirect = written.map(
    ({ pair: { direct }, params }) => direct && endpointOf(direct, params, 0, claims, 'direct'),
  );
  const faced = written.map(({ pair, params }, i): PairWithEndpoints => {
    const { direct, gateway, remarks } = pair;
    const one = ofDirect[i];
    // A route of the gateway alone is only a comment, and claims nothing.
    const own = direct === undefined ? new Map<string, string>() : claims;
    const other = gateway && endpointOf(gateway, params, moved, own, 'the gateway');
    if (other?.fault !== undefined) refused++;
    const slash =
      gateway && gateway.path.endsWith('/') && other?.endpoint !== undefined && segmentsOf(gateway.path).length > 0;
    return {
      ...pair,
      params,
      directEndpoint: one?.endpoint,
      gatewayEndpoint: other?.endpoint,
      remarks: [
        ...remarks,
        ...[one?.fault, other?.fault].filter((fault) => fault !== undefined),
        ...(slash
          ? ['the document of the gateway ends the path with a slash, and a route cannot: does it answer without?']
          : []),
      ],
    };
  });
  return { pairs: faced, refused };
}

interface EndpointOrFault {
  readonly endpoint?: string;
  readonly fault?: string;
}

function endpointOf(
  operation: ApiOperation,
  params: readonly string[],
  moved: number,
  claims: Map<string, string>,
  side: string,
): EndpointOrFault {
  const { method, path } = operation;
  const name = oneLine(nameOf(operation), 120);
  let at = 0;
  const segments = segmentsOf(path)
    .slice(moved)
    .map((segment) => (parameterIn(segment) === undefined ? segment : `:${params[at++] ?? ''}`));
  const fault = path.length > MAX_PATH ? 'is too long' : segments.map(segmentFault).find((one) => one !== undefined);
  if (fault !== undefined) return { fault: `no route can hold ${name} of ${side}: its path ${oneLine(fault, 120)}` };
  const shape = `${method} /${segments.map((segment) => (segment.startsWith(':') ? ':' : segment)).join('/')}`;
  const owner = claims.get(shape);
  if (owner !== undefined)
    return { fault: `no route can hold ${name} of ${side}, since ${owner} has the same method and path` };
  claims.set(shape, `${name} of ${side}`);
  return { endpoint: `${method} /${segments.join('/')}` };
}

/** One name for each place, for both sides: that of direct, unless it is only `id`. */
function parameterNames({ direct, gateway }: OperationPair): string[] {
  const [ones, others] = [parametersIn(direct?.path ?? '/'), parametersIn(gateway?.path ?? '/')];
  const taken = new Set<string>();
  return (direct ? ones : others).map((name, i) => {
    const [one, other] = [plainName(name), plainName(others[i] ?? '')];
    const chosen = (one === undefined || one === 'id' ? (other ?? one) : one) ?? `p${i + 1}`;
    let free = chosen;
    for (let n = 2; taken.has(free); n++) free = `${chosen}${n}`;
    taken.add(free);
    return free;
  });
}

/** As the table writes a parameter: letters, digits and _; undefined where nothing is left of it. */
function plainName(name: string): string | undefined {
  if (name.length > MAX_PARAMETER) return undefined;
  const plain = /^[A-Za-z_]\w*$/.test(name) ? name : camelCase(wordsOf(name));
  return /^[A-Za-z_]/.test(plain) ? plain : undefined;
}
