import type { ApiOperation } from './openapi.ts';
import { fieldKey, listed, segmentKey, wordsOf } from './text.ts';

/**
 * Which operation of the gateway is which of direct: by method and by the shape of the path. The names of segments are
 * compared without case, separators and plural; parameters by their place; what most paths of one side begin with is set
 * aside. What is unsure becomes a remark for a human. Pure.
 */

export interface OperationPair {
  readonly direct: ApiOperation | undefined;
  readonly gateway: ApiOperation | undefined;
  /** For the human who reads the table. */
  readonly remarks: readonly string[];
}

export interface Matching {
  /** In the order of the direct document; operations of the gateway alone come last. */
  readonly pairs: readonly OperationPair[];
  /** Segments that were set aside on each side. */
  readonly prefix: { readonly direct: readonly string[]; readonly gateway: readonly string[] };
}

/** Segments. */
const MAX_PREFIX = 6;
/** Operations of one shape that are looked at: more of them are no question that a remark could ask. */
const MAX_CANDIDATES = 20;
/** Methods by which APIs change the same thing; a read, or a delete, is never taken for one of them. */
const CHANGES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** `/a/{b}/c` → `[a, {b}, c]`; a slash at the end means nothing. */
export function segmentsOf(path: string): string[] {
  const inner = path.slice(1, path.endsWith('/') ? -1 : undefined);
  return inner === '' ? [] : inner.split('/');
}

/** The name of a parameter, where the whole segment is one; also as Express writes it. */
export const parameterIn = (segment: string): string | undefined =>
  segment.startsWith(':')
    ? segment.slice(1)
    : segment.startsWith('{') && segment.indexOf('}') === segment.length - 1
      ? segment.slice(1, -1)
      : undefined;

/** Names of the path parameters, in the order of the path. */
export const parametersIn = (path: string): string[] =>
  segmentsOf(path)
    .map(parameterIn)
    .filter((name) => name !== undefined);

export const nameOf = ({ method, path }: ApiOperation): string => `${method} ${path}`;

export function matchOperations(direct: readonly ApiOperation[], gateway: readonly ApiOperation[]): Matching {
  const [ofDirect, ofGateway] = bestPrefixes(direct, gateway);
  const side = {
    direct: new UnmatchedOperations(direct, ofDirect),
    gateway: new UnmatchedOperations(gateway, ofGateway),
  };
  const found = new Map<ApiOperation, OperationPair>();
  const pair = (one: ApiOperation, other: ApiOperation, remarks: readonly string[]): void => {
    found.set(one, { direct: one, gateway: other, remarks });
    side.direct.take(one);
    side.gateway.take(other);
  };
  for (const one of direct) pairSameMethod(one, side, pair);
  for (const one of direct) if (!found.has(one)) pairOtherMethod(one, side, pair);
  const alone = direct.map((one) => found.get(one) ?? { direct: one, gateway: undefined, remarks: hints(one, side) });
  const others = gateway.filter((one) => side.gateway.isFree(one));
  return {
    pairs: [...alone, ...others.map((one) => ({ direct: undefined, gateway: one, remarks: [] }))],
    prefix: { direct: ofDirect, gateway: ofGateway },
  };
}

interface Sides {
  readonly direct: UnmatchedOperations;
  readonly gateway: UnmatchedOperations;
}
type TakePair = (direct: ApiOperation, gateway: ApiOperation, remarks: readonly string[]) => void;

/** Same method and same shape. Of several the one that is written alike, else the first, with a remark. */
function pairSameMethod(one: ApiOperation, { direct, gateway }: Sides, pair: TakePair): void {
  const key = direct.key(one);
  const candidates = gateway.free(key);
  if (candidates.length === 0) return;
  const alike = (a: ApiOperation, b: ApiOperation): boolean => direct.rest(a) === gateway.rest(b);
  // A later operation of direct that is written as the candidate is has the better claim.
  const rivals = direct.free(key).filter((other) => other !== one);
  const exact = candidates.find((candidate) => alike(one, candidate));
  const chosen = exact ?? candidates.find((candidate) => !rivals.some((rival) => alike(rival, candidate)));
  if (!chosen) return;
  const others = candidates.filter((candidate) => candidate !== chosen);
  const remarks = [
    ...(exact || others.length === 0
      ? []
      : [`${nameOf(chosen)} was taken; ${listed(others.map(nameOf))} would fit as well`]),
    ...(exact || rivals.length === 0 || others.length > 0
      ? []
      : [`${listed(rivals.map(nameOf))} of direct would fit ${nameOf(chosen)} as well`]),
  ];
  pair(one, chosen, remarks);
}

/** Same shape and another method, where both change something and nothing else has this shape. */
function pairOtherMethod(one: ApiOperation, { direct, gateway }: Sides, pair: TakePair): void {
  if (!CHANGES.has(one.method)) return;
  const changes = (side: UnmatchedOperations): ApiOperation[] =>
    side.freeOfShape(direct.shape(one)).filter(({ method }) => CHANGES.has(method));
  const [candidate, another] = changes(gateway);
  if (!candidate || another || changes(direct).length > 1) return;
  const remark = `the method differs, ${one.method} on direct and ${candidate.method} on the gateway: do both change the same, and leave the same unchanged?`;
  pair(one, candidate, [remark]);
}

/** What of the gateway an operation of direct may be, where nothing has its shape. */
function hints(one: ApiOperation, { direct, gateway }: Sides): string[] {
  const words = new Set(wordsOf(direct.last(one)));
  const sameId = one.operationId === undefined ? [] : gateway.freeOfId(one.operationId);
  const near = gateway
    .freeUnder(direct.parent(one))
    .filter(
      (other) => other.method === one.method && wordsOf(gateway.last(other)).some((word) => hasStem(words, word)),
    );
  const candidates = [...new Set([...gateway.freeOfShape(direct.shape(one)), ...sameId, ...near])];
  if (candidates.length === 0) return [];
  return [`is it ${listed(candidates.map(nameOf), 3)} of the gateway? Then write that as "gateway" of this route`];
}

const hasStem = (words: ReadonlySet<string>, word: string): boolean =>
  [...words].some((one) => segmentKey(one) === segmentKey(word));

/** The operations of one side that are not yet in a pair, to be looked up. */
class UnmatchedOperations {
  readonly #prefix: readonly string[];
  readonly #free: Set<ApiOperation>;
  /** By what they are looked up by: `key GET leads/:`. */
  readonly #index = new Map<string, Set<ApiOperation>>();

  constructor(operations: readonly ApiOperation[], prefix: readonly string[]) {
    this.#prefix = prefix;
    this.#free = new Set(operations);
    for (const one of operations) {
      for (const name of this.#namesOf(one)) {
        const known = this.#index.get(name);
        if (known) known.add(one);
        else this.#index.set(name, new Set([one]));
      }
    }
  }

  take(one: ApiOperation): void {
    this.#free.delete(one);
    for (const name of this.#namesOf(one)) this.#index.get(name)?.delete(one);
  }

  isFree = (one: ApiOperation): boolean => this.#free.has(one);
  free = (key: string): ApiOperation[] => this.#found(`key ${key}`);
  freeOfShape = (shape: string): ApiOperation[] => this.#found(`shape ${shape}`);
  freeUnder = (parent: string): ApiOperation[] => this.#found(`parent ${parent}`);
  freeOfId = (id: string): ApiOperation[] => this.#found(`id ${fieldKey(id)}`);

  key = (one: ApiOperation): string => `${one.method} ${this.shape(one)}`;
  shape = ({ path }: ApiOperation): string => shapeOf(withoutPrefix(segmentsOf(path), this.#prefix));
  parent = ({ path }: ApiOperation): string => shapeOf(withoutPrefix(segmentsOf(path), this.#prefix).slice(0, -1));
  last = ({ path }: ApiOperation): string => segmentsOf(path).at(-1) ?? '';
  /** As it is written, the names of parameters left out. */
  rest = ({ path }: ApiOperation): string =>
    withoutPrefix(segmentsOf(path), this.#prefix)
      .map((segment) => (parameterIn(segment) === undefined ? segment.toLowerCase() : ':'))
      .join('/');

  #namesOf(one: ApiOperation): string[] {
    const id = one.operationId === undefined ? [] : [`id ${fieldKey(one.operationId)}`];
    return [`key ${this.key(one)}`, `shape ${this.shape(one)}`, `parent ${this.parent(one)}`, ...id];
  }

  #found(name: string): ApiOperation[] {
    const found: ApiOperation[] = [];
    for (const one of this.#index.get(name) ?? []) if (found.push(one) === MAX_CANDIDATES) break;
    return found;
  }
}

const shapeOf = (segments: readonly string[]): string =>
  segments.map((segment) => (parameterIn(segment) === undefined ? segmentKey(segment) : ':')).join('/');

/** May the prefix be set aside? A name must be left: `/leads/{id}` without `/leads` could be anything. */
function hasPrefix(segments: readonly string[], prefix: readonly string[]): boolean {
  const next = segments[prefix.length];
  return next !== undefined && parameterIn(next) === undefined && prefix.every((segment, i) => segments[i] === segment);
}

const withoutPrefix = (segments: readonly string[], prefix: readonly string[]): readonly string[] =>
  hasPrefix(segments, prefix) ? segments.slice(prefix.length) : segments;

type Prefix = readonly string[];

/** The prefixes under which most operations meet; of several pairs the longest. */
function bestPrefixes(direct: readonly ApiOperation[], gateway: readonly ApiOperation[]): readonly [Prefix, Prefix] {
  const keysUnder = (operations: readonly ApiOperation[]): readonly (readonly [Prefix, ReadonlySet<string>])[] =>
    prefixesOf(operations).map((prefix) => {
      const keys = operations.map(
        ({ method, path }) => `${method} ${shapeOf(withoutPrefix(segmentsOf(path), prefix))}`,
      );
      return [prefix, new Set(keys)];
    });
  let best: readonly [Prefix, Prefix] = [[], []];
  let bestScore = -1;
  const gateways = keysUnder(gateway);
  for (const [one, keys] of keysUnder(direct)) {
    for (const [other, otherKeys] of gateways) {
      const score = [...keys].filter((key) => otherKeys.has(key)).length;
      const isLonger = one.length + other.length > best[0].length + best[1].length;
      if (score > bestScore || (score === bestScore && isLonger)) [best, bestScore] = [[one, other], score];
    }
  }
  return best;
}

/** Every prefix without parameters that can be taken off at least half of the paths; the empty one first. */
function prefixesOf(operations: readonly ApiOperation[]): Prefix[] {
  const paths = operations.map(({ path }) => segmentsOf(path));
  const found: Prefix[] = [[]];
  while (found.length <= MAX_PREFIX) {
    const prefix = found.at(-1) ?? [];
    const next = mostFrequent(
      paths.filter((path) => hasPrefix(path, prefix)),
      prefix.length,
    );
    const longer = [...prefix, next ?? ''];
    if (next === undefined || 2 * paths.filter((path) => hasPrefix(path, longer)).length < paths.length) break;
    found.push(longer);
  }
  return found;
}

/** The segment that most paths have at this place. */
function mostFrequent(paths: readonly (readonly string[])[], at: number): string | undefined {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(path[at] ?? '', (counts.get(path[at] ?? '') ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
