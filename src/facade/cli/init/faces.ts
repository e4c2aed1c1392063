import { Matcher } from '../../rollout/matcher.ts';
import { isParameter, parseFace } from '../../config/face.ts';
import { segmentFault } from '../../config/checks/faces.ts';
import { nameOf, parameterIn, parametersIn, segmentsOf, type Matching, type Pair } from './match.ts';
import type { Operation } from './openapi.ts';
import { camelCase, oneLine, wordsOf } from './text.ts';

/**
 * Faces for the routes: `METHOD /path/:parameter`, with the same parameter names on both sides, and no method and path
 * claimed twice. A face that cannot be written becomes a remark. Pure.
 */

export interface FacedPair extends Pair {
  readonly directFace: string | undefined;
  readonly gatewayFace: string | undefined;
  /** Names of the path parameters. */
  readonly params: readonly string[];
}

export interface Faces {
  readonly pairs: readonly FacedPair[];
  /** What stands in the URL of the gateway and no longer in its faces: `/v2`, or nothing. */
  readonly gatewayBase: string;
}

/** Characters of a path. */
const MAX_PATH = 1_000;
const MAX_PARAMETER = 64;

/**
 * @returns faces for every pair. Where both APIs have the same paths, the beginning that all paths of the gateway share
 * is moved into its URL: a route cannot hold the same method and path twice, since nobody could tell its dialect.
 */
export function facesFor({ pairs, prefix }: Matching): Faces {
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
function withTaken(pairs: readonly FacedPair[]): FacedPair[] {
  const matcher = new Matcher<FacedPair>();
  for (const pair of pairs) {
    if (pair.directFace === undefined) continue;
    const face = parseFace(pair.directFace);
    const segments = face.segments.map((segment) => (isParameter(segment) ? 0 : segment));
    matcher.add({ route: pair, dialect: 'direct', face: { ...face, segments } });
  }
  return pairs.map((pair) => {
    if (pair.directFace === undefined || pair.gatewayFace === undefined) return pair;
    const { method, template } = parseFace(pair.gatewayFace);
    const taken = matcher.match(method, template)?.route;
    if (!taken || taken === pair) return pair;
    const remark = `${pair.gatewayFace} of the gateway is read by this route from now on, and no longer as ${taken.directFace} of direct`;
    return { ...pair, remarks: [...pair.remarks, remark] };
  });
}

/** The part of the prefix that every path of the gateway has, and that leaves a name of each. */
function sharedPrefix(pairs: readonly Pair[], prefix: readonly string[]): readonly string[] {
  const paths = pairs.flatMap(({ gateway }) => (gateway ? [segmentsOf(gateway.path)] : []));
  const isShared = (length: number): boolean =>
    paths.every((path) => path.length > length && prefix.slice(0, length).every((segment, i) => path[i] === segment));
  let length = 0;
  while (length < prefix.length && isShared(length + 1) && segmentFault(prefix[length] ?? '') === undefined) length++;
  return prefix.slice(0, length);
}

/** @param moved how many segments of the gateway's paths stand in its URL. */
function claim(pairs: readonly Pair[], moved: number): { readonly pairs: FacedPair[]; readonly refused: number } {
  const claims = new Map<string, string>();
  let refused = 0;
  const written = pairs.map((pair) => ({ pair, params: parameterNames(pair) }));
  // All of direct first: what callers use today is served whatever becomes of the rest.
  const ofDirect = written.map(({ pair: { direct }, params }) => direct && faceOf(direct, params, 0, claims, 'direct'));
  const faced = written.map(({ pair, params }, i): FacedPair => {
    const { direct, gateway, remarks } = pair;
    const one = ofDirect[i];
    // A route of the gateway alone is only a comment, and claims nothing.
    const own = direct === undefined ? new Map<string, string>() : claims;
    const other = gateway && faceOf(gateway, params, moved, own, 'the gateway');
    if (other?.fault !== undefined) refused++;
    const slash =
      gateway && gateway.path.endsWith('/') && other?.face !== undefined && segmentsOf(gateway.path).length > 0;
    return {
      ...pair,
      params,
      directFace: one?.face,
      gatewayFace: other?.face,
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

interface Face {
  readonly face?: string;
  readonly fault?: string;
}

function faceOf(
  operation: Operation,
  params: readonly string[],
  moved: number,
  claims: Map<string, string>,
  side: string,
): Face {
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
  return { face: `${method} /${segments.join('/')}` };
}

/** One name for each place, for both sides: that of direct, unless it is only `id`. */
function parameterNames({ direct, gateway }: Pair): string[] {
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
