import { isParameter, parametersOf, parseEndpoint, type EndpointConfig } from '../endpoint.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import { finding, nameOf, type Draft, type IndexedRoute } from './draft.ts';

/** Rules on ids, methods and paths: every request must be claimed by one route at most, in one dialect. */

interface DeclaredEndpoint {
  readonly row: IndexedRoute;
  readonly dialect: 'direct' | 'gateway';
  readonly path: ConfigPath;
  readonly endpoint: EndpointConfig;
}

function claimsOf(row: IndexedRoute): DeclaredEndpoint[] {
  return (['direct', 'gateway'] as const).flatMap((dialect) => {
    const written = row.route[dialect];
    if (written === undefined) return [];
    const path = ['routes', row.index, dialect];
    if (typeof written === 'string') return [{ row, dialect, path, endpoint: parseEndpoint(written) }];
    return written.map((text, i) => ({ row, dialect, path: [...path, i], endpoint: parseEndpoint(text) }));
  });
}

/** What the router sees: the names of parameters make no difference between two requests. */
const shapeOf = ({ method, segments }: EndpointConfig) =>
  `${method} /${segments.map((segment) => (isParameter(segment) ? ':' : segment)).join('/')}`;

export function idsAreUnique({ rows }: Draft): Finding[] {
  const first = new Map<string, IndexedRoute>();
  return rows.flatMap((row) => {
    const earlier = first.get(row.route.id);
    if (!earlier) {
      first.set(row.route.id, row);
      return [];
    }
    const message = `the id is taken by routes[${earlier.index}]`;
    return [finding(['routes', row.index, 'id'], message, 'write another id: metrics and breakers go by it')];
  });
}

export function everyRouteHasAnEndpoint({ rows }: Draft): Finding[] {
  return rows
    .filter(({ route }) => route.direct === undefined && route.gateway === undefined)
    .map(({ index }) => finding(['routes', index], 'has no endpoint', 'write direct: METHOD /path, gateway: or both'));
}

/**
 * A path that both services have stands on both sides of one route, in the same words. The form of a body tells whose
 * the request is; without a rule for the body nothing would.
 */
const areTwins = (a: DeclaredEndpoint, b: DeclaredEndpoint) =>
  a.row === b.row &&
  a.dialect !== b.dialect &&
  a.endpoint.template === b.endpoint.template &&
  a.row.route.body !== undefined;

export function noEndpointIsDeclaredTwice({ rows }: Draft): Finding[] {
  const first = new Map<string, DeclaredEndpoint>();
  return rows.flatMap(claimsOf).flatMap((claim) => {
    const shape = shapeOf(claim.endpoint);
    const earlier = first.get(shape);
    if (!earlier) {
      first.set(shape, claim);
      return [];
    }
    if (areTwins(earlier, claim)) return [];
    const { method, template } = claim.endpoint;
    const owner = `${nameOf(earlier.row)}.${earlier.dialect} as ${earlier.endpoint.method} ${earlier.endpoint.template}`;
    const message = `${method} ${template} is already claimed by ${owner}`;
    return [finding(claim.path, message, 'write another method or path, or remove one of the two')];
  });
}

export function endpointsHaveTheSameParameters({ rows }: Draft): Finding[] {
  return rows.flatMap((row) => {
    const [first, ...others] = claimsOf(row);
    if (!first) return [];
    const expected = parametersOf(first.endpoint).toSorted();
    return others
      .filter(({ endpoint }) => parametersOf(endpoint).toSorted().join() !== expected.join())
      .map(({ path, endpoint }) => {
        const list = (names: readonly string[]) => names.map((name) => `:${name}`).join(', ') || 'none';
        const message = `has the parameters ${list(parametersOf(endpoint))} where the first endpoint has ${list(expected)}`;
        return finding(path, message, 'write the same parameter names on every endpoint of the route');
      });
  });
}

const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;
/** Unreserved characters and the harmless sub-delims of RFC 3986: no wildcard, nothing that wants encoding. */
const LITERAL = /^[A-Za-z0-9._~!$&'+,;=@-]+$/;

/** What is wrong with one segment of a template; undefined: nothing. */
export function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'holds an empty segment (//)';
  if (segment === '.' || segment === '..') return `holds the dot segment ${segment}`;
  if (isParameter(segment)) return PARAMETER.test(segment) ? undefined : `holds ${segment}, which is no parameter name`;
  return LITERAL.test(segment) ? undefined : `holds ${segment}, which is neither a plain text nor a :parameter`;
}

export function templatesAreSound({ rows }: Draft): Finding[] {
  return rows.flatMap(claimsOf).flatMap(({ path, endpoint }) => {
    const names = parametersOf(endpoint);
    const doubled = names.find((name, i) => names.indexOf(name) !== i);
    const faults = endpoint.segments.map(segmentFault).filter((fault) => fault !== undefined);
    if (doubled !== undefined) faults.push(`names :${doubled} twice`);
    return faults.map((fault) =>
      finding(path, fault, 'write whole segments of plain text or :name, each name once; wildcards do not exist'),
    );
  });
}
