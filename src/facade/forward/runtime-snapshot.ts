import { Matcher, type Match } from '../rollout/matcher.ts';
import type { Path, RouteModel } from '../rollout/route.ts';
import type { Hop } from './connection.ts';
import type { FailoverBudget } from './failover-budget.ts';
import type { AnswerRewriter } from './answer-rewriter.ts';
import type { RouteState } from './route-state.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamHealth } from './upstream-health.ts';

/** A route with what was worked out of it once: enough to decide and to plan, and so to explain. */
export interface PreparedRoute {
  readonly model: RouteModel;
  /** A body in the gateway dialect must be rewritten for the direct path, so it has to be held in memory. */
  readonly rewritesForDirect: boolean;
  /** What the gateway adds to a query that leaves it out. */
  readonly queryDefaults: readonly { readonly name: string; readonly value: string }[];
  /** Literals that stand where the gateway has a parameter (`resolve-source`): such a value cannot be asked for there. */
  readonly reserved: readonly string[];
}

/** A route of the table, ready to serve: what the operator wrote, what was worked out once, and what lives on. */
export interface RouteEntry extends PreparedRoute {
  readonly state: RouteState;
}

/** Requests that no route claims, matched: only the method decides which of the two it is. */
export interface UnclaimedEntries {
  readonly read: Match<RouteEntry>;
  readonly write: Match<RouteEntry>;
  /** For so long both sides of a WebSocket may be silent. */
  readonly tunnelIdleMs: number;
}

/**
 * Everything that a reload changes, as one immutable whole. A request takes the snapshot that it finds and keeps it
 * to its end, so no request ever sees half of a change.
 */
export interface RuntimeSnapshot {
  readonly digest: string;
  readonly loadedAt: Date;
  readonly matcher: Matcher<RouteEntry>;
  readonly entries: readonly RouteEntry[];
  /** What no route claims; not among `entries`. */
  readonly unclaimed: UnclaimedEntries;
  readonly upstreams: { readonly direct: Upstream; readonly gateway: Upstream | undefined };
  /** Of the upstreams: what their health checks say. */
  readonly health: Readonly<Record<Path, UpstreamHealth>>;
  readonly failoverBudget: FailoverBudget;
  /** Share of every limit, 0..1, that strangers cannot use. */
  readonly knownShare: number;
  readonly hop: Hop;
  readonly forceHeader: boolean;
  /** Longest `pinAfterWrite` of a route, milliseconds; 0: no write has to be remembered. */
  readonly longestPinMs: number;
  readonly killSwitchFile: string | undefined;
  /** Share of successful requests that are logged, 0..1. */
  readonly successSample: number;
  readonly rewriters: Readonly<Record<Path, AnswerRewriter>>;
}

/** Everything about a route that follows from the table alone. @param all every route of the table. */
export function prepareRoute(model: RouteModel, all: readonly RouteModel[]): PreparedRoute {
  return {
    model,
    rewritesForDirect: rewritesForDirect(model),
    queryDefaults: queryDefaultsOf(model),
    reserved: reservedFor(model, all),
  };
}

export function buildMatcher<R extends PreparedRoute>(entries: readonly R[]): Matcher<R> {
  const matcher = new Matcher<R>();
  for (const route of entries) {
    for (const dialect of ['direct', 'gateway'] as const) {
      for (const endpoint of route.model[dialect]) matcher.add({ route, dialect, endpoint });
    }
  }
  return matcher;
}

/** Does any field have another name or shape on the direct endpoint, or another meaning when it is null (facade/dialect/body.ts)? */
export function rewritesForDirect({ body }: RouteModel): boolean {
  if (!body) return false;
  if (body.jsonApi) return true;
  return Object.entries(body.fields).some(([name, field]) => {
    const direct = Array.isArray(field.direct) ? field.direct[0] : field.direct;
    return field.list || !field.required || (direct !== undefined && direct !== name);
  });
}

function queryDefaultsOf({ query }: RouteModel): PreparedRoute['queryDefaults'] {
  return Object.entries(query).flatMap(([name, rule]) =>
    rule.default === undefined ? [] : [{ name, value: rule.default }],
  );
}

/** Literals of any gateway endpoint that stand at the place of this route's first parameter, under the same parent. */
export function reservedFor(model: RouteModel, models: readonly RouteModel[]): string[] {
  const reserved = new Set<string>();
  for (const { segments } of model.gateway) {
    const at = segments.findIndex((segment) => typeof segment === 'number');
    if (at < 0) continue;
    for (const other of models.flatMap(({ gateway }) => gateway)) {
      const literal = other.segments[at];
      const isSibling = segments.slice(0, at).every((segment, i) => segment === other.segments[i]);
      if (isSibling && typeof literal === 'string') reserved.add(literal);
    }
  }
  return [...reserved];
}

/** Where an upstream lives. */
export interface UpstreamAddress {
  readonly path: Path;
  readonly origin: string;
  /** Path of the base URL: `''` or `/prefix`. */
  readonly prefix: string;
}

/**
 * A Location that points at an upstream becomes a path on the facade. The gateway builds its redirects from whatever
 * host it was asked by or believes to be, so of its Locations only the path is ever shown.
 */
export function locationRewriter(path: Path, origins: readonly UpstreamAddress[]): (location: string) => string {
  const asked = origins.find((upstream) => upstream.path === path);
  return (location) => {
    // Relative to what was asked: below the prefix of the base URL, of which the facade's callers know nothing.
    if (!/^[a-z][a-z0-9+.-]*:|^\/\//i.test(location)) return withoutPrefix(location, asked?.prefix);
    const url = URL.parse(location, 'http://upstream.invalid');
    if (!url) return location;
    const own = origins.find(({ origin }) => origin === url.origin || new URL(origin).host === url.host);
    if (path === 'direct' && !own) return location;
    const pathname = withoutPrefix(url.pathname, (own ?? asked)?.prefix);
    // Never `//host`: that would be another place again.
    return `${pathname.replace(/^\/{2,}/, '/')}${url.search}${url.hash}`;
  };
}

function withoutPrefix(path: string, prefix = ''): string {
  return prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length).replace(/^\/{2,}/, '/') : path;
}
