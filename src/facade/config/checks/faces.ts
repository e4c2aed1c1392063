import { isParameter, parametersOf, parseFace, type FaceConfig } from '../face.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import { finding, nameOf, type Draft, type Row } from './draft.ts';

/** Rules on ids, methods and paths: every request must be claimed by one row at most, in one dialect. */

interface Claim {
  readonly row: Row;
  readonly dialect: 'direct' | 'gateway';
  readonly path: ConfigPath;
  readonly face: FaceConfig;
}

function claimsOf(row: Row): Claim[] {
  return (['direct', 'gateway'] as const).flatMap((dialect) => {
    const written = row.route[dialect];
    if (written === undefined) return [];
    const path = ['routes', row.index, dialect];
    if (typeof written === 'string') return [{ row, dialect, path, face: parseFace(written) }];
    return written.map((text, i) => ({ row, dialect, path: [...path, i], face: parseFace(text) }));
  });
}

/** What the router sees: the names of parameters make no difference between two requests. */
const shapeOf = ({ method, segments }: FaceConfig) =>
  `${method} /${segments.map((segment) => (isParameter(segment) ? ':' : segment)).join('/')}`;

export function idsAreUnique({ rows }: Draft): Finding[] {
  const first = new Map<string, Row>();
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

export function everyRowHasAFace({ rows }: Draft): Finding[] {
  return rows
    .filter(({ route }) => route.direct === undefined && route.gateway === undefined)
    .map(({ index }) => finding(['routes', index], 'has no face', 'write direct: METHOD /path, gateway: or both'));
}

export function noFaceIsClaimedTwice({ rows }: Draft): Finding[] {
  const first = new Map<string, Claim>();
  return rows.flatMap(claimsOf).flatMap((claim) => {
    const shape = shapeOf(claim.face);
    const earlier = first.get(shape);
    if (!earlier) {
      first.set(shape, claim);
      return [];
    }
    const { method, template } = claim.face;
    const owner = `${nameOf(earlier.row)}.${earlier.dialect} as ${earlier.face.method} ${earlier.face.template}`;
    const message = `${method} ${template} is already claimed by ${owner}`;
    return [finding(claim.path, message, 'write another method or path, or remove one of the two')];
  });
}

export function facesHaveTheSameParameters({ rows }: Draft): Finding[] {
  return rows.flatMap((row) => {
    const [first, ...others] = claimsOf(row);
    if (!first) return [];
    const expected = parametersOf(first.face).toSorted();
    return others
      .filter(({ face }) => parametersOf(face).toSorted().join() !== expected.join())
      .map(({ path, face }) => {
        const list = (names: readonly string[]) => names.map((name) => `:${name}`).join(', ') || 'none';
        const message = `has the parameters ${list(parametersOf(face))} where the first face has ${list(expected)}`;
        return finding(path, message, 'write the same parameter names on every face of the row');
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
  return rows.flatMap(claimsOf).flatMap(({ path, face }) => {
    const names = parametersOf(face);
    const doubled = names.find((name, i) => names.indexOf(name) !== i);
    const faults = face.segments.map(segmentFault).filter((fault) => fault !== undefined);
    if (doubled !== undefined) faults.push(`names :${doubled} twice`);
    return faults.map((fault) =>
      finding(path, fault, 'write whole segments of plain text or :name, each name once; wildcards do not exist'),
    );
  });
}
