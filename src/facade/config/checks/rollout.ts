import { facesOf, parametersOf } from '../face.ts';
import { nearest } from '../nearest.ts';
import type { Finding } from '../problem.ts';
import { safetyOf, writingMethods } from '../safety.ts';
import { finding, type Draft, type Row } from './draft.ts';

/**
 * Rules on what a row's numbers may say. Write safety is decided here, once, at the door: no code behind it has to ask
 * whether a write may be copied, because no row that would copy one can be loaded.
 */

const at = ({ index }: Row, ...rest: string[]) => ['routes', index, ...rest];
const where = (rows: readonly Row[], holds: (route: Row['route']) => boolean) => rows.filter((row) => holds(row.route));

export function writesAreNeverDeclaredSafe({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.safety === 'safe' && writingMethods(route).length > 0).map((row) => {
    const message = `${writingMethods(row.route).join(' and ')} may write, so the row cannot be safe`;
    return finding(at(row, 'safety'), message, 'leave it out, or write idempotent where sending twice does no harm');
  });
}

export function onlySafeRowsAreShadowed({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.rollout.shadow > 0 && shadowIsUnsafe(route)).map((row) => {
    const message = 'a copied write would be done twice in the same CRM';
    return finding(at(row, 'rollout', 'shadow'), message, 'write 0: only rows that are safe can be shadowed');
  });
}

/** Whatever it calls itself, a row with a writing method is never copied. */
const shadowIsUnsafe = (route: Row['route']) => safetyOf(route) !== 'safe' || writingMethods(route).length > 0;

export function gatewayOnlyRowsAreAllOrNothing({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.direct === undefined && route.gateway !== undefined).flatMap((row) => {
    const { gateway, shadow } = row.route.rollout;
    const findings: Finding[] = [];
    if (gateway !== 0 && gateway !== 100) {
      const message = `${gateway} splits a row that has no direct face to serve the rest`;
      findings.push(finding(at(row, 'rollout', 'gateway'), message, 'write 0 (not offered) or 100'));
    }
    if (shadow > 0)
      findings.push(finding(at(row, 'rollout', 'shadow'), 'there is no other path to compare', 'write 0'));
    return findings;
  });
}

export function directOnlyRowsStayDirect({ rows }: Draft): Finding[] {
  return where(rows, (route) => route.gateway === undefined && route.direct !== undefined).flatMap((row) =>
    (['gateway', 'shadow'] as const)
      .filter((key) => row.route.rollout[key] > 0)
      .map((key) =>
        finding(at(row, 'rollout', key), 'the row has no gateway face', 'write 0, or add gateway: METHOD /path'),
      ),
  );
}

export function stickyByIsKnown({ rows }: Draft): Finding[] {
  return rows.flatMap((row) => {
    const { stickyBy } = row.route.rollout;
    const faces = [...facesOf(row.route.direct), ...facesOf(row.route.gateway)];
    const known = [...(faces[0] ? parametersOf(faces[0]) : []), 'caller'];
    if (stickyBy === undefined || faces.length === 0 || known.includes(stickyBy)) return [];
    const remedy = (): string => {
      const meant = nearest(stickyBy, known);
      return `write ${known.join(' or ')}${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
    };
    return [finding(at(row, 'rollout', 'stickyBy'), `"${stickyBy}" is no parameter of the row`, remedy)];
  });
}
