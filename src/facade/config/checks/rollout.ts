import { endpointsOf, parametersOf } from '../endpoint.ts';
import { nearest } from '../nearest.ts';
import type { Finding } from '../problem.ts';
import { safetyOf, writingMethods } from '../safety.ts';
import { finding, type Draft, type IndexedRoute } from './draft.ts';

/**
 * Rules on what a route's numbers may say. Write safety is decided here, once, at the door: no code behind it has to ask
 * whether a write may be copied, because no route that would copy one can be loaded.
 */

const at = ({ index }: IndexedRoute, ...rest: string[]) => ['routes', index, ...rest];
const where = (rows: readonly IndexedRoute[], holds: (route: IndexedRoute['route']) => boolean) =>
  rows.filter((row) => holds(row.route));

export function writesAreNeverDeclaredSafe({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.safety === 'safe' && writingMethods(route).length > 0).map((row) => {
    const message = `${writingMethods(row.route).join(' and ')} may write, so the route cannot be safe`;
    return finding(at(row, 'safety'), message, 'leave it out, or write idempotent where sending twice does no harm');
  });
}

export function onlySafeRoutesAreShadowed({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.rollout.shadow > 0 && shadowIsUnsafe(route)).map((row) => {
    const message = 'a copied write would be done twice in the same CRM';
    return finding(at(row, 'rollout', 'shadow'), message, 'write 0: only routes that are safe can be shadowed');
  });
}

/** Whatever it calls itself, a route with a writing method is never copied. */
const shadowIsUnsafe = (route: IndexedRoute['route']) => safetyOf(route) !== 'safe' || writingMethods(route).length > 0;

export function gatewayOnlyRoutesAreAllOrNothing({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.direct === undefined && route.gateway !== undefined).flatMap((row) => {
    const { gateway, shadow } = row.route.rollout;
    const findings: Finding[] = [];
    if (gateway !== 0 && gateway !== 100) {
      const message = `${gateway} splits a route that has no direct endpoint to serve the rest`;
      findings.push(finding(at(row, 'rollout', 'gateway'), message, 'write 0 (not offered) or 100'));
    }
    if (shadow > 0)
      findings.push(finding(at(row, 'rollout', 'shadow'), 'there is no other path to compare', 'write 0'));
    return findings;
  });
}

export function directOnlyRoutesStayDirect({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.gateway === undefined && route.direct !== undefined).flatMap((row) =>
    (['gateway', 'shadow'] as const)
      .filter((key) => row.route.rollout[key] > 0)
      .map((key) =>
        finding(at(row, 'rollout', key), 'the route has no gateway endpoint', 'write 0, or add gateway: METHOD /path'),
      ),
  );
}

export function stickyByIsKnown({ rows }: Draft): Finding[] {
  return rows.flatMap((row) => {
    const { stickyBy } = row.route.rollout;
    const endpoints = [...endpointsOf(row.route.direct), ...endpointsOf(row.route.gateway)];
    const known = [...(endpoints[0] ? parametersOf(endpoints[0]) : []), 'caller'];
    if (stickyBy === undefined || endpoints.length === 0 || known.includes(stickyBy)) return [];
    const remedy = (): string => {
      const meant = nearest(stickyBy, known);
      return `write ${known.join(' or ')}${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
    };
    return [finding(at(row, 'rollout', 'stickyBy'), `"${stickyBy}" is no parameter of the route`, remedy)];
  });
}

const CALLER_ID = /^[0-9a-f]{12}$/;

/** YAML reads twelve digits without quotes as a number, and `1234567890e1` as another one. */
export function namedCallersAreIds({ rows, defaults }: Draft): Finding[] {
  const named = [
    { path: ['defaults', 'callers'], callers: defaults?.callers },
    ...rows.map(({ index, route }) => ({ path: ['routes', index, 'callers'], callers: route.callers })),
  ];
  return named.flatMap(({ path, callers = {} }) =>
    Object.keys(callers)
      .filter((id) => !CALLER_ID.test(id))
      .map((id) =>
        finding(
          [...path, id],
          `"${id}" is no id of a caller`,
          'write the twelve hex digits that the log shows as caller, in quotes',
        ),
      ),
  );
}
