import type { IncomingMessage } from 'node:http';
import { toDirect, toGateway } from '../dialect/body.ts';
import { isJsonMediaType } from '../../http/media.ts';
import { renderPath } from '../dialect/path.ts';
import { percentDecode } from '../../http/percent.ts';
import { toGatewayQuery } from '../dialect/query.ts';
import type { Conversion } from '../dialect/result.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Endpoint, Path } from '../rollout/route.ts';
import { paramsSafe } from './choose.ts';
import type { PreparedRoute } from './runtime-snapshot.ts';

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

/** What is sent. */
export interface Plan {
  readonly target: string;
  /** Undefined: streamed as it comes, or none. */
  readonly body: Buffer | undefined;
  readonly isTranslated: boolean;
}

/** As much of a request as is known before its body. */
type Head = Pick<IncomingMessage, 'headers'>;

const EMPTY = Buffer.alloc(0);
const UNTRANSLATABLE_BODY: Conversion<never> = { kind: 'untranslatable', reason: 'the gateway takes no body here' };
const UNTRANSLATABLE_TYPE: Conversion<never> = { kind: 'untranslatable', reason: 'the body is not plain JSON' };
const MISSING_BODY: Conversion<never> = { kind: 'untranslatable', reason: 'the gateway refuses it without a body' };
const FITS: Conversion<undefined> = { kind: 'ok', value: undefined };
const CONDITIONAL: Conversion<never> = {
  kind: 'untranslatable',
  reason: 'the gateway ignores the condition of this write',
};

/** Why a path is not asked, and nobody in its place. */
interface PathRefused {
  readonly kind: 'refused';
  readonly outcome: 'client_bad_request' | 'untranslatable';
}

const UNSAFE: PathRefused = { kind: 'refused', outcome: 'client_bad_request' };
const CONDITION_UNKNOWN: PathRefused = { kind: 'refused', outcome: 'untranslatable' };

/** Must the body be in memory before this path can be asked? */
export function rewritesBody(
  { model, rewritesForDirect }: PreparedRoute,
  match: Match<PreparedRoute>,
  path: Path,
): boolean {
  if (match.dialect === path || !model.body) return false;
  return path === 'gateway' || rewritesForDirect;
}

/**
 * May the path be asked at all, by the head of the request alone? Refused is
 * - what is in the gateway's dialect and has a path parameter that would lead elsewhere: nothing was asked in
 *   Contact2Sale's own words, so there is nothing to pass on as it was sent;
 * - a conditional write where direct is no fallback any more: the gateway would write without looking at the condition,
 *   and what the condition names (an ETag, a key) comes from the gateway, so direct cannot judge it.
 */
export function headFits(
  match: Match<PreparedRoute>,
  path: Path,
  req: Head,
  hasBody: boolean,
): Conversion<undefined> | PathRefused {
  const { model } = match.route;
  if (path === 'gateway' && model.safety !== 'safe' && hasCondition(req, model.pair.gateway.ignoredWriteHeaders)) {
    return model.rollout.fallback === 'none' ? CONDITION_UNKNOWN : CONDITIONAL;
  }
  if (match.dialect === path) return FITS;
  if (path === 'gateway') return bodyFitsGateway(req, match.route, hasBody);
  return paramsSafe(match) ? FITS : UNSAFE;
}

function hasCondition({ headers }: Head, names: readonly string[]): boolean {
  for (const name of names) if (headers[name] !== undefined) return true;
  return false;
}

/**
 * Must the body be in memory: because it has to be rewritten, or because a repeatable write may be sent twice, or because
 * what arrives will be read back and compared with it?
 */
export function mustHoldBody(match: Match<PreparedRoute>, path: Path, req: Head, isReadBack = false): boolean {
  const { model } = match.route;
  if (rewritesBody(match.route, match, path)) return true;
  const isRepeatable = path === 'gateway' && model.safety === 'idempotent' && model.rollout.fallback === 'direct';
  return (isRepeatable || isReadBack) && Number(req.headers['content-length'] ?? Infinity) <= model.maxBodyBytes;
}

/** @param body the whole body where it is held in memory. */
export function planFor(
  match: Match<PreparedRoute>,
  path: Path,
  asked: Target,
  hasBody: boolean,
  body: Buffer | undefined,
): Conversion<Plan> {
  const target = targetFor(match, path, asked);
  if (target.kind !== 'ok') return target;
  if (hasBody && rewritesBody(match.route, match, path)) {
    const rewritten = bodyFor(match, path, body ?? EMPTY);
    if (rewritten.kind !== 'ok') return rewritten;
    return { kind: 'ok', value: { target: target.value, body: rewritten.value, isTranslated: true } };
  }
  // The gateway would answer 422 where Contact2Sale may have more to say.
  const lacksBody = !hasBody && path === 'gateway' && match.dialect === 'direct' && match.route.model.body;
  if (lacksBody) return MISSING_BODY;
  return { kind: 'ok', value: { target: target.value, body, isTranslated: false } };
}

/** The method to ask a path with. */
export function methodFor(match: Match<PreparedRoute>, path: Path, asked: string): string {
  const { model } = match.route;
  // HEAD reaches the gateway only where there is no direct endpoint.
  if (asked === 'HEAD') return path === 'gateway' && !model.pair.gateway.takesHead ? 'GET' : 'HEAD';
  return match.dialect === path ? asked : (model[path][0] as Endpoint).method;
}

/** The target to send to a path. */
export function targetFor(match: Match<PreparedRoute>, path: Path, target: Target): Conversion<string> {
  const { dialect, endpoint, params } = match;
  const { model } = match.route;
  const canonical = model[path][0] as Endpoint;
  if (dialect === path) {
    // Direct goes as it came, alias and all: that is what the legacy API was asked before.
    const isCanonical = endpoint === canonical && !target.path.endsWith('/');
    const asIs = path === 'direct' || isCanonical || model.pair.gateway.takesOtherSpellings;
    return { kind: 'ok', value: asIs ? target.raw : join(renderPath(canonical, params), target.query) };
  }
  const rendered = renderPath(canonical, params);
  if (path === 'direct') return { kind: 'ok', value: join(rendered, withDefaults(target.query, match.route)) };
  if (target.query === '') return { kind: 'ok', value: rendered };
  const query = toGatewayQuery(model.query, target.query);
  return query.kind === 'ok' ? { kind: 'ok', value: join(rendered, query.value) } : query;
}

/** What the gateway would have added must reach Contact2Sale too, or the same request means another page. */
function withDefaults(query: string, { queryDefaults }: PreparedRoute): string {
  if (queryDefaults.length === 0) return query;
  const given = query.split('&');
  const missing = queryDefaults.filter(
    ({ name }) => !given.some((pair) => pair === name || pair.startsWith(`${name}=`)),
  );
  return [...(query === '' ? [] : [query]), ...missing.map(({ name, value }) => `${name}=${value}`)].join('&');
}

/** Can a body that was not read yet be brought to the gateway at all? Decided by the head of the request alone. */
export function bodyFitsGateway(req: Head, { model }: PreparedRoute, hasBody: boolean): Conversion<undefined> {
  if (!hasBody) return FITS;
  if (!model.body) return UNTRANSLATABLE_BODY;
  if (req.headers['content-encoding'] !== undefined || !isJsonMediaType(req.headers['content-type']))
    return UNTRANSLATABLE_TYPE;
  return FITS;
}

/** The body to send to the path whose dialect the caller does not speak. */
export function bodyFor(
  { route: { model }, params }: Match<PreparedRoute>,
  path: Path,
  body: Buffer,
): Conversion<Buffer> {
  if (!model.body) return { kind: 'ok', value: body };
  const values = new Map(model.params.map((name, i) => [name, decoded(params[i] ?? '')]));
  return path === 'gateway' ? toGateway(model.body, body, values) : toDirect(model.body, body);
}

function join(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

function decoded(raw: string): string {
  return percentDecode(raw) ?? raw;
}
