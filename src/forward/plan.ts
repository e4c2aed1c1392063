import type { IncomingMessage } from 'node:http';
import { toDirect, toGateway } from '../dialect/body.ts';
import { isJsonMediaType } from '../dialect/media.ts';
import { renderPath } from '../dialect/path.ts';
import { percentDecode } from '../dialect/percent.ts';
import { toGatewayQuery } from '../dialect/query.ts';
import type { Translation } from '../dialect/result.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Face, Path } from '../rollout/route.ts';
import type { RouteEntry } from './generation.ts';

/**
 * What would be sent to a path: the target, and the body when it has to be rewritten. Where the caller's dialect and
 * the path are the same, everything goes as it came. What the gateway would drop or alter is *untranslatable*: the
 * request then takes the direct path, in the caller's own words.
 */

/** A request's target, cut once. */
export interface Target {
  /** As it came, origin removed: `/leads/1?x=2`. */
  readonly raw: string;
  /** Raw path, without the query. */
  readonly path: string;
  /** Raw query without the question mark; empty when there is none. */
  readonly query: string;
}

const UNTRANSLATABLE_BODY: Translation<never> = { kind: 'untranslatable', reason: 'the gateway takes no body here' };
const UNTRANSLATABLE_TYPE: Translation<never> = { kind: 'untranslatable', reason: 'the body is not plain JSON' };

/** Must the body be in memory before this path can be asked? */
export function rewritesBody({ model, rewritesForDirect }: RouteEntry, match: Match<RouteEntry>, path: Path): boolean {
  if (match.dialect === path || !model.body) return false;
  return path === 'gateway' || rewritesForDirect;
}

/** The target to send to a path. */
export function targetFor(match: Match<RouteEntry>, path: Path, target: Target): Translation<string> {
  const { dialect, face, params } = match;
  const { model } = match.route;
  const canonical = model[path][0] as Face;
  if (dialect === path) {
    // Direct goes as it came, alias and all: that is what Contact2Sale was asked before. The gateway answers a slash
    // at the end with a redirect and does not know the aliases.
    const asIs = path === 'direct' || (face === canonical && !target.path.endsWith('/'));
    return { kind: 'ok', value: asIs ? target.raw : join(renderPath(canonical, params), target.query) };
  }
  const rendered = renderPath(canonical, params);
  if (path === 'direct') return { kind: 'ok', value: join(rendered, withDefaults(target.query, match.route)) };
  if (target.query === '') return { kind: 'ok', value: rendered };
  const query = toGatewayQuery(model.query, target.query);
  return query.kind === 'ok' ? { kind: 'ok', value: join(rendered, query.value) } : query;
}

/** What the gateway would have added must reach Contact2Sale too, or the same request means another page. */
function withDefaults(query: string, { queryDefaults }: RouteEntry): string {
  if (queryDefaults.length === 0) return query;
  const given = query.split('&');
  const missing = queryDefaults.filter(
    ({ name }) => !given.some((pair) => pair === name || pair.startsWith(`${name}=`)),
  );
  return [...(query === '' ? [] : [query]), ...missing.map(({ name, value }) => `${name}=${value}`)].join('&');
}

/** Can a body that was not read yet be brought to the gateway at all? Decided by the head of the request alone. */
export function bodyFitsGateway(req: IncomingMessage, { model }: RouteEntry, hasBody: boolean): Translation<undefined> {
  if (!hasBody) return { kind: 'ok', value: undefined };
  if (!model.body) return UNTRANSLATABLE_BODY;
  if (req.headers['content-encoding'] !== undefined || !isJsonMediaType(req.headers['content-type']))
    return UNTRANSLATABLE_TYPE;
  return { kind: 'ok', value: undefined };
}

/** The body to send to the path whose dialect the caller does not speak. */
export function bodyFor(
  { route: { model }, params }: Match<RouteEntry>,
  path: Path,
  body: Buffer,
): Translation<Buffer> {
  if (!model.body) return { kind: 'ok', value: body };
  const values = new Map(model.params.map((name, i) => [name, decoded(params[i] ?? '')]));
  return path === 'gateway' ? toGateway(model.body, body, values) : toDirect(model.body, body, values);
}

function join(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

function decoded(raw: string): string {
  return percentDecode(raw) ?? raw;
}
