import type { Dialect, Endpoint } from './route.ts';

/**
 * Finds the route of a request by method and raw path: a trie over path segments, so that the cost follows the depth
 * of the path and not the number of routes. Nothing is decoded and the path is not changed: what matched is what is
 * forwarded. A literal segment wins over a parameter (`/leads/resolve-source` over `/leads/:leadId`). One slash at the
 * end is tolerated, as Rails and FastAPI do; an empty segment (`//`) matches nothing.
 */

/** One endpoint of a route, as found in the trie. */
export interface EndpointMatch<R> {
  readonly route: R;
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  /**
   * The route lists the same method and path on the direct side too. The request then counts as the gateway's until its
   * form tells otherwise (forward/plan.ts, `byForm`).
   */
  readonly directTwin: Endpoint | undefined;
}

export interface Match<R> extends EndpointMatch<R> {
  /** Raw (still encoded) values, in the order of the route's parameter names. */
  readonly params: readonly string[];
}

interface TrieNode<R> {
  readonly literals: Map<string, TrieNode<R>>;
  parameter: TrieNode<R> | undefined;
  readonly claims: Map<string, EndpointMatch<R>>;
}

const createNode = <R>(): TrieNode<R> => ({ literals: new Map(), parameter: undefined, claims: new Map() });

export class Matcher<R> {
  readonly #root: TrieNode<R> = createNode();
  /** Values on the way down, reused: matching is synchronous. */
  readonly #values: string[] = [];

  /**
   * Adds one endpoint. The loader has refused two claims of the same method and path before, but for those of the two
   * sides of one route: they become one.
   */
  add(claim: Omit<EndpointMatch<R>, 'directTwin'>): void {
    let node = this.#root;
    for (const segment of claim.endpoint.segments) {
      node = typeof segment === 'string' ? child(node, segment) : (node.parameter ??= createNode());
    }
    const { method } = claim.endpoint;
    const twin = node.claims.get(method);
    if (!twin) node.claims.set(method, { ...claim, directTwin: undefined });
    else {
      const [direct, gateway] = claim.dialect === 'direct' ? [claim, twin] : [twin, claim];
      node.claims.set(method, { ...gateway, directTwin: direct.endpoint });
    }
  }

  /** @param path raw path without query; GET's claim also serves HEAD. */
  match(method: string, path: string): Match<R> | undefined {
    const node = this.#find(path);
    const claim = node && (node.claims.get(method) ?? (method === 'HEAD' ? node.claims.get('GET') : undefined));
    if (!claim) return undefined;
    const params: string[] = [];
    let at = 0;
    for (const segment of claim.endpoint.segments) {
      if (typeof segment === 'number') params[segment] = this.#values[at++] as string;
    }
    const { route, dialect, endpoint, directTwin } = claim;
    return { route, dialect, endpoint, directTwin, params };
  }

  /** The methods that a path is claimed for in one dialect alone; empty when it is not, or the other dialect knows it too. */
  methodsOf(path: string, dialect: Dialect): readonly string[] {
    const claims = [...(this.#find(path)?.claims.values() ?? [])];
    if (claims.some((claim) => claim.dialect !== dialect || claim.directTwin !== undefined)) return [];
    const methods = claims.map((claim) => claim.endpoint.method);
    return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
  }

  #find(path: string): TrieNode<R> | undefined {
    if (path.charCodeAt(0) !== SLASH) return undefined;
    // Of `/` itself nothing is left, so it is the root: the endpoint `GET /`.
    const end = path.charCodeAt(path.length - 1) === SLASH ? path.length - 1 : path.length;
    this.#values.length = 0;
    return this.#descend(this.#root, path, 1, end);
  }

  #descend(node: TrieNode<R>, path: string, start: number, end: number): TrieNode<R> | undefined {
    if (start > end) return node.claims.size > 0 ? node : undefined;
    let stop = path.indexOf('/', start);
    if (stop < 0 || stop > end) stop = end;
    if (stop === start) return undefined;
    const segment = path.slice(start, stop);
    const literal = node.literals.get(segment);
    const found = literal && this.#descend(literal, path, stop + 1, end);
    if (found || !node.parameter) return found;
    const depth = this.#values.push(segment);
    const viaParameter = this.#descend(node.parameter, path, stop + 1, end);
    if (!viaParameter) this.#values.length = depth - 1;
    return viaParameter;
  }
}

const SLASH = 0x2f;

function child<R>(node: TrieNode<R>, segment: string): TrieNode<R> {
  let next = node.literals.get(segment);
  if (!next) node.literals.set(segment, (next = createNode()));
  return next;
}
