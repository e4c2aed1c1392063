import { faultText, grouped } from './format.ts';
import type { AutopilotReport, PathName, RouteJson, Snapshot } from './model.ts';

/**
 * What needs a human, of everything that the console knows: each source is one function of the facts. Red is only what
 * fails.
 */

export interface Need {
  /** Bad: something fails now. Warn: look at it. Info: you may act. */
  readonly level: 'bad' | 'warn' | 'info';
  /** Undefined: of no route. */
  readonly route?: string;
  readonly text: string;
  readonly detail?: string;
  /** Where to look. */
  readonly href: string;
  /** The share that somebody proposes. */
  readonly proposed?: number;
}

export interface NeedFacts {
  readonly snapshot: Snapshot;
  readonly autopilot: readonly AutopilotReport[];
  /** Unknown writes that nobody settled. */
  readonly unknownWrites: number;
  /** Enrichments that ended without success. */
  readonly deadLetters: number;
}

/** Seconds. The database is asked something every second. */
export const LONG_SILENCE = 10;
const PATHS = ['direct', 'gateway'] as const;

export const routeHref = (id: string): string => `#/routes/${encodeURIComponent(id)}`;

/** Paths of a route that serve next to nothing. */
const brokenPaths = ({ paths }: RouteJson): PathName[] =>
  PATHS.filter((path) => (paths[path]?.breaker ?? 'closed') !== 'closed' || paths[path]?.fault !== undefined);

function failing({ snapshot }: NeedFacts): Need[] {
  return snapshot.routes.flatMap((route): Need[] => {
    const [broken] = brokenPaths(route);
    if (broken === undefined && route.trouble === undefined) return [];
    const path = broken && route.paths[broken];
    const trouble = route.trouble?.text ?? '';
    const text = path === undefined ? trouble : `${broken}: ${faultText(path) || `breaker ${path.breaker}`}`;
    const detail = path !== undefined && trouble !== '' && { detail: trouble };
    return [{ level: 'bad', route: route.id, text, ...detail, href: routeHref(route.id) }];
  });
}

/** Traffic goes to a gateway whose answers differ. */
function notReady({ snapshot }: NeedFacts): Need[] {
  return snapshot.routes
    .filter(({ rollout, parity }) => rollout.gateway > 0 && parity?.verdict === 'not ready')
    .map(({ id, rollout }) => {
      const text = `serves ${rollout.gateway} % and is not ready`;
      return {
        level: 'warn',
        route: id,
        text,
        detail: 'Its answers differ from those of direct.',
        href: routeHref(id),
      };
    });
}

function proposals({ autopilot }: NeedFacts): Need[] {
  return autopilot.flatMap(({ route, proposal, why }): Need[] => {
    if (!proposal) return [];
    const text = `autopilot proposes ${proposal.gateway} %`;
    return [{ level: 'info', route, text, detail: why, href: routeHref(route), proposed: proposal.gateway }];
  });
}

function leftOver({ unknownWrites, deadLetters }: NeedFacts): Need[] {
  const counted = (count: number, one: string, many: string): string => `${grouped(count)} ${count === 1 ? one : many}`;
  const needs: Need[] = [];
  if (unknownWrites > 0) {
    const text = counted(unknownWrites, 'unknown write', 'unknown writes');
    const detail = 'Nobody knows whether they were carried out.';
    needs.push({ level: 'warn', text, detail, href: '#/unknown-writes' });
  }
  if (deadLetters > 0) {
    const text = counted(deadLetters, 'failed enrichment', 'failed enrichments');
    needs.push({ level: 'warn', text, detail: 'They are tried again only if you say so.', href: '#/dead-letters' });
  }
  return needs;
}

function store({ snapshot: { shared } }: NeedFacts): Need[] {
  const { database = 'none', databaseSilence = 0 } = shared ?? {};
  const isDown = !['open', 'none'].includes(database) || databaseSilence > LONG_SILENCE;
  if (!isDown) return [];
  const text = databaseSilence > LONG_SILENCE ? `no answer for ${Math.round(databaseSilence)} s` : database;
  const detail = 'Flips are neither made nor heard of here; the kill switch works, on each instance by itself.';
  return [{ level: 'bad', text: `Database: ${text}`, detail, href: '#/instance' }];
}

function killed({ snapshot }: NeedFacts): Need[] {
  if (!snapshot.killSwitch) return [];
  return [
    {
      level: 'warn',
      text: 'Kill switch',
      detail: 'It sends every route direct until somebody switches it off.',
      href: '#/history',
    },
  ];
}

/** What the health checks of an upstream say; that of direct is asked all the same. */
function unhealthy({ snapshot: { upstreams = {} } }: NeedFacts): Need[] {
  return PATHS.filter((path) => upstreams[path]?.health === 'unhealthy').map((path) => {
    const detail =
      path === 'gateway' ? 'Routes with fallback: direct are served by direct.' : 'It is asked all the same.';
    return { level: 'bad', text: `Health checks of ${path} fail`, detail, href: '#/instance' };
  });
}

/** Direct itself answers otherwise than in the week before: what is compared with it may only seem to differ. */
function drifting({ snapshot }: NeedFacts): Need[] {
  return snapshot.routes
    .filter(({ parity }) => (parity?.drift ?? 0) > 0)
    .map(({ id }) => ({
      level: 'warn',
      route: id,
      text: 'direct drifts: it answers otherwise than last week',
      href: routeHref(id),
    }));
}

/** In the order in which they are shown within one level. */
const SOURCES: readonly ((facts: NeedFacts) => readonly Need[])[] = [
  store,
  unhealthy,
  killed,
  failing,
  notReady,
  drifting,
  leftOver,
  proposals,
];
const LEVELS = ['bad', 'warn', 'info'];

export function needsOf(facts: NeedFacts): readonly Need[] {
  const needs = SOURCES.flatMap((source) => source(facts)).toSorted(
    (one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level),
  );
  const merged = new Map<string, Need>();
  for (const need of needs) {
    const key = need.route ?? need.text;
    const worse = merged.get(key);
    merged.set(key, worse ? joined(worse, need) : need);
  }
  return [...merged.values()];
}

/** A route stands in the list once, with what is worst of it first. */
function joined(worse: Need, need: Need): Need {
  const detail = [worse.detail, need.text].filter((text) => text !== undefined).join('; ');
  return { ...worse, detail, ...(need.proposed !== undefined && { proposed: need.proposed }) };
}

/** `3 routes need you`, `Nothing needs you`. */
export function needsText(needs: readonly Need[]): string {
  const routes = new Set(needs.flatMap(({ route }) => route ?? [])).size;
  const others = needs.filter(({ route }) => route === undefined).length;
  if (routes + others === 0) return 'nothing needs you';
  const parts = [
    ...(routes === 0 ? [] : [routes === 1 ? '1 route' : `${grouped(routes)} routes`]),
    ...(others === 0 ? [] : [others === 1 ? '1 other thing' : `${grouped(others)} other things`]),
  ];
  return `${parts.join(' and ')} need${routes + others === 1 ? 's' : ''} you`;
}
