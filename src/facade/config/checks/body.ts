import { endpointsOf, parametersOf } from '../endpoint.ts';
import { nearest } from '../nearest.ts';
import type { Finding } from '../problem.ts';
import type { BodyRule } from '../schema.ts';
import { finding, type Draft, type IndexedRoute } from './draft.ts';

/** Rules on the translation of bodies and queries: every name refers to something, and no name means two things. */

interface Translated {
  readonly row: IndexedRoute;
  readonly body: BodyRule;
  readonly at: readonly (string | number)[];
}

const translated = ({ rows }: Draft): Translated[] =>
  rows.flatMap((row) => (row.route.body ? [{ row, body: row.route.body, at: ['routes', row.index, 'body'] }] : []));

const unknownName = (name: string, known: readonly string[]) => (): string => {
  const meant = nearest(name, known);
  return meant === undefined ? `write one of ${known.join(', ') || '(none is known)'}` : `did you mean "${meant}"?`;
};

export function echoesNameParameters(draft: Draft): Finding[] {
  return translated(draft).flatMap(({ row, body, at }) => {
    const [first] = [...endpointsOf(row.route.direct), ...endpointsOf(row.route.gateway)];
    const known = first ? parametersOf(first) : [];
    return Object.entries(body.echoes)
      .filter(([, parameter]) => !known.includes(parameter))
      .map(([field, parameter]) => {
        const message = `"${parameter}" is no path parameter of the route`;
        return finding([...at, 'echoes', field], message, unknownName(parameter, known));
      });
  });
}

export function jsonApiNamesFields(draft: Draft): Finding[] {
  return translated(draft).flatMap(({ body, at }) => {
    const known = Object.keys(body.fields);
    return Object.keys(body.jsonApi?.names ?? {})
      .filter((name) => !Object.hasOwn(body.fields, name))
      .map((name) => ({
        path: [...at, 'jsonApi', 'names', name],
        at: 'key' as const,
        message: `"${name}" is none of body.fields`,
        remedy: unknownName(name, known),
      }));
  });
}

/** Names by which a field may stand in a direct body; its own name when it writes none. */
function directNames(name: string, direct: string | readonly string[] | undefined): readonly string[] {
  if (direct === undefined) return [name];
  return typeof direct === 'string' ? [direct] : direct;
}

export function directNamesAreUnique(draft: Draft): Finding[] {
  return translated(draft).flatMap(({ body, at }) => {
    const owner = new Map(Object.keys(body.echoes).map((name) => [name, `echoes.${name}`]));
    return Object.entries(body.fields).flatMap(([field, { direct }]) =>
      directNames(field, direct).flatMap((name) => {
        const earlier = owner.get(name);
        owner.set(name, earlier ?? `fields.${field}`);
        if (earlier === undefined) return [];
        const message = `"${name}" of the direct body is already read by ${earlier}`;
        return [finding([...at, 'fields', field], message, 'write each direct name once')];
      }),
    );
  });
}

export function queryRangesHoldSomething({ rows }: Draft): Finding[] {
  return rows.flatMap(({ index, route }) =>
    Object.entries(route.query ?? {}).flatMap(([name, { type, min, max }]) => {
      const path = ['routes', index, 'query', name];
      if (type !== 'integer' && (min !== undefined || max !== undefined)) {
        return [finding(path, `min and max mean nothing to a ${type}`, 'leave them out, or write type: integer')];
      }
      const empty = min !== undefined && max !== undefined && min > max;
      return empty ? [finding(path, `no integer is at least ${min} and at most ${max}`, 'write min below max')] : [];
    }),
  );
}
