import type { Endpoint } from '../rollout/route.ts';
import { percentDecode } from '../../http/percent.ts';

/**
 * Paths between the two endpoints. Parameters stay as the caller encoded them: decoding and encoding again would change
 * `%2F` into a separator or `+` into something else, and the direct path must see what it always saw.
 */

/**
 * The path of an endpoint with the raw (still percent-encoded) parameters filled in, in the order of `RouteModel.params`.
 * Throws when a parameter is missing: the table and the match disagree, and half a path must not be sent.
 */
export function renderPath(endpoint: Endpoint, params: readonly string[]): string {
  let path = '';
  for (const segment of endpoint.segments) {
    const text = typeof segment === 'string' ? segment : params[segment];
    if (text === undefined) throw new RangeError(`no value for a parameter of ${endpoint.template}`);
    path += `/${text}`;
  }
  return path === '' ? '/' : path;
}

/**
 * Does this raw parameter decode to the literal? The gateway matches its own routes after decoding, so
 * `/leads/resolve%2Dsource` is `/leads/resolve-source` there: a lookup at a third party instead of a lead. For each
 * parameter of a gateway endpoint, ask for the literals that stand at the same place in other gateway endpoints.
 */
export function decodesTo(raw: string, literal: string): boolean {
  if (raw.length < literal.length) return false;
  return raw === literal || percentDecode(raw) === literal;
}
