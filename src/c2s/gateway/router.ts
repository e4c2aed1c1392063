import { percentDecode } from '../../http/percent.ts';
import { GATEWAY_OPERATIONS } from './operations.ts';
import type { Operation, OperationId } from './operations.ts';

/**
 * From method and raw path to an operation. A trie of segments: its cost does not grow with the table.
 * Segments are decoded before they are compared, so `/leads/resolve%2Dsource` is what it says in every spelling,
 * and parameters are checked here, in one place: what decodes to more than one plain segment never leaves the
 * process. The Python gateway pasted the decoded id into the upstream path, and `%2E%2E` reached other operations.
 */

export interface Route {
  readonly operation: Operation & { readonly id: OperationId };
  /** Literal parts of the upstream path around the parameters; empty when the gateway answers by itself. */
  readonly upstream: readonly string[];
}

export type RouterMatch =
  | { readonly kind: 'route'; readonly route: Route; readonly params: readonly string[] }
  | { readonly kind: 'method'; readonly allow: string }
  | { readonly kind: 'slash'; readonly path: string }
  | { readonly kind: 'bad-parameter' }
  | { readonly kind: 'none' };

interface RouterNode {
  readonly literals: Map<string, RouterNode>;
  parameter?: RouterNode;
  readonly routes: Map<string, Route>;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;
const UNSAFE = /[/\\?#\u0000-\u001f\u007f]/;
/** `/leads/resolve-source` exists, so a lead of that name could be asked for by a misspelt method or suffix. */
const RESERVED = 'resolve-source';

const newNode = (): RouterNode => ({ literals: new Map(), routes: new Map() });

function plant(root: RouterNode, template: string, method: string, route: Route): void {
  let node = root;
  for (const segment of template.slice(1).split('/')) {
    if (segment.startsWith(':')) {
      node.parameter ??= newNode();
      node = node.parameter;
    } else {
      let next = node.literals.get(segment);
      if (!next) node.literals.set(segment, (next = newNode()));
      node = next;
    }
  }
  node.routes.set(method, route);
}

/** The segment as it may be sent on, or undefined when it is not one plain path segment. */
function parameter(decoded: string): string | undefined {
  if (PLAIN.test(decoded)) return decoded.toLowerCase() === RESERVED ? undefined : decoded;
  if (decoded === '.' || decoded === '..' || UNSAFE.test(decoded)) return undefined;
  return encodeURIComponent(decoded);
}

/** Where a path leads: a node and its parameters; `false` when a parameter is not one plain segment. */
function walk(root: RouterNode, path: string): { node: RouterNode; params: string[] } | false | undefined {
  const params: string[] = [];
  let node = root;
  let bad = false;
  for (const raw of path.slice(1).split('/')) {
    const segment = percentDecode(raw);
    const literal = segment === undefined ? undefined : node.literals.get(segment);
    if (literal) {
      node = literal;
      continue;
    }
    if (!node.parameter || raw === '') return undefined;
    node = node.parameter;
    const value = segment === undefined ? undefined : parameter(segment);
    if (value === undefined) bad = true;
    else params.push(value);
  }
  if (node.routes.size === 0) return undefined;
  return bad ? false : { node, params };
}

/** The operations as a function from method and raw path (without the query) to a match. */
export function createRouter(
  operations: typeof GATEWAY_OPERATIONS = GATEWAY_OPERATIONS,
): (method: string, path: string) => RouterMatch {
  const root = newNode();
  for (const operation of operations as readonly Route['operation'][]) {
    const upstream = operation.upstream?.path.split(/:[A-Za-z]+/) ?? [];
    for (const path of [operation.path, ...(operation.aliases ?? [])]) {
      plant(root, path, operation.method, { operation, upstream });
      // Health checks and link checkers ask pages so. Of an operation HEAD stays 405, as the Python gateway answers it.
      if (operation.open && operation.method === 'GET') plant(root, path, 'HEAD', { operation, upstream });
    }
  }
  return (method, path) => {
    if (!path.startsWith('/')) return { kind: 'none' };
    const found = walk(root, path);
    if (found) {
      const route = found.node.routes.get(method);
      if (route) return { kind: 'route', route, params: found.params };
      return { kind: 'method', allow: [...found.node.routes.keys()].join(', ') };
    }
    if (found === false) return { kind: 'bad-parameter' };
    const bare = withoutSlashesAtEnd(path);
    if (bare !== path && bare !== '' && walk(root, bare)) return { kind: 'slash', path: bare };
    return { kind: 'none' };
  };
}

/** By hand: /\/+$/ is quadratic in slashes that something else ends, and a caller may send thousands of them. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
