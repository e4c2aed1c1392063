import { endpointsOf, parametersOf } from '../endpoint.ts';
import { nearest } from '../nearest.ts';
import type { Finding } from '../problem.ts';
import { safetyOf } from '../safety.ts';
import { finding, isRefusedRoute, type Draft, type IndexedRoute } from './draft.ts';

/** Rules on reading writes back: it is a write, it can be read by the parameters at hand, and the fields are the route's. */

const verified = ({ rows }: Draft) =>
  rows.flatMap((row) =>
    row.route.verify ? [{ row, verify: row.route.verify, at: ['routes', row.index, 'verify'] }] : [],
  );

export function verifyIsOfAWrite(draft: Draft): Finding[] {
  return verified(draft).flatMap(({ row, at }) => {
    if (safetyOf(row.route) === 'safe')
      return [finding(at, 'a read leaves nothing to read back', 'leave it out, and shadow the route instead')];
    if (row.route.direct === undefined || row.route.gateway === undefined)
      return [finding(at, 'the route has one endpoint only', 'leave it out: there is no other path to check')];
    return [];
  });
}

export function verifyReadsByASafeRoute(draft: Draft): Finding[] {
  // Of two routes with one id, which is a fault of its own, the first.
  const byId = new Map(draft.rows.toReversed().map((row) => [row.route.id, row]));
  return verified(draft).flatMap(({ row, verify, at }) => {
    const reader = byId.get(verify.read);
    if (!reader && isRefusedRoute(draft, verify.read)) return [];
    const message = reader ? unfitReader(row, reader) : `"${verify.read}" is the id of no route`;
    if (message === undefined) return [];
    const remedy = (): string => {
      const fit = draft.rows.filter((other) => unfitReader(row, other) === undefined).map(({ route }) => route.id);
      const meant = nearest(verify.read, fit);
      return meant === undefined ? `write one of ${fit.join(', ') || '(no route fits)'}` : `did you mean "${meant}"?`;
    };
    return [finding([...at, 'read'], message, remedy)];
  });
}

/** Why `reader` cannot read back what `route` wrote; undefined when it can. */
function unfitReader(row: IndexedRoute, reader: IndexedRoute): string | undefined {
  const [endpoint] = endpointsOf(reader.route.direct);
  if (!endpoint || endpoint.method !== 'GET' || safetyOf(reader.route) !== 'safe')
    return `${reader.route.id} is no read of the direct endpoint`;
  const [own] = endpointsOf(row.route.direct);
  const known = own ? parametersOf(own) : [];
  const missing = parametersOf(endpoint).find((name) => !known.includes(name));
  return missing === undefined ? undefined : `${reader.route.id} wants :${missing}, which the route does not have`;
}

export function verifyNamesFields(draft: Draft): Finding[] {
  return verified(draft).flatMap(({ row, verify, at }) => {
    const fields = row.route.body?.fields ?? {};
    const known = Object.keys(fields);
    return Object.keys(verify.fields)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => ({
        path: [...at, 'fields', name],
        at: 'key' as const,
        message: `"${name}" is none of body.fields`,
        remedy: () => {
          const meant = nearest(name, known);
          return meant === undefined
            ? `write one of ${known.join(', ') || '(the route has no body)'}`
            : `did you mean "${meant}"?`;
        },
      }));
  });
}
