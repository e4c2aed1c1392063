import { fewestProving } from '../compare/any-time.ts';
import { neverReaches } from '../compare/pace.ts';
import type { ConfigPath } from '../config/problem.ts';
import { durationText, HOUR_MS } from '../../http/units.ts';
import { rolloutOf } from '../config/rollout.ts';
import { safetyOf } from '../config/safety.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { Path } from '../rollout/api-pair.ts';
import type { PairVariables, Variables } from '../config/variables.ts';

/**
 * What the loader takes of a rollout and an operator may still not have meant: `check` says it of a file, and a flip says
 * it before it is made. A warning is a function of its own and a line in ROLLOUT_WARNINGS; it says everything that it
 * finds, each with what to do instead.
 */

export interface RolloutWarningInput {
  readonly config: FacadeConfig;
  readonly variables: Variables;
  /** The variables of the two sides, as the pair calls them. */
  readonly pairVariables: PairVariables;
  /** What the evidence of each route came to, by its id; undefined: there is no report to be had. */
  readonly seen: ReadonlyMap<string, SeenEvidence> | undefined;
  /** Verdict by route id; undefined: there is no report to be had. */
  readonly verdicts: ReadonlyMap<string, string> | undefined;
}

/** Comparisons that were judged, and milliseconds since the oldest of them. */
export interface SeenEvidence {
  readonly compared: number;
  readonly spanMs: number;
}

export interface RaisedWarning {
  readonly path: ConfigPath;
  /** Stable, for scripts: `write-without-evidence`. */
  readonly kind: string;
  readonly message: string;
  readonly remedy: string;
}
type Warn = (input: RolloutWarningInput) => RaisedWarning[];

const rowsWith = ({ config }: RolloutWarningInput, holds: (route: FacadeConfig['routes'][number]) => boolean) =>
  config.routes.flatMap((route, index) => (holds(route) ? [{ route, path: ['routes', index, 'rollout'] }] : []));

const writesWithoutEvidence: Warn = (input) =>
  rowsWith(input, (route) => {
    const isMoved = route.direct !== undefined && route.rollout.gateway === 100;
    return isMoved && safetyOf(route) !== 'safe' && input.verdicts?.get(route.id) !== 'ready';
  }).map(({ route, path }) => ({
    path: [...path, 'gateway'],
    kind: 'write-without-evidence',
    message: `all writes of ${route.id} go through the gateway, and ${evidenceOf(input, route.id)}`,
    remedy: 'lower it and look at its parity (verify: read-back), or check by hand that a write arrives as asked',
  }));

function evidenceOf({ verdicts }: RolloutWarningInput, id: string): string {
  if (!verdicts) return 'no parity report was there to ask';
  return `its parity is: ${verdicts.get(id) ?? 'not measured'}`;
}

const shadowsWithoutBudget: Warn = (input) => {
  if (input.config.upstreams.direct.rateBudget) return [];
  return rowsWith(input, (route) => route.rollout.shadow > 0).map(({ route, path }) => ({
    path: [...path, 'shadow'],
    kind: 'shadow-without-budget',
    message: `shadows of ${route.id} spend the rate limit of the direct upstream, and nothing holds them back`,
    remedy: 'write upstreams.direct.rateBudget with what it grants',
  }));
};

/** A gate that the traffic of a route can never meet holds it for ever, and looks like patience. */
const autopilotTooQuiet: Warn = ({ config, seen }) => {
  const { window: windowMs, shadows, noiseShare } = config.compare;
  return config.routes.flatMap((route, index) => {
    const parity = route.autopilot && (route.autopilot.gates?.parity ?? config.defaults.autopilot.gates.parity);
    if (typeof parity !== 'number') return [];
    const { compared, spanMs } = seen?.get(route.id) ?? { compared: 0, spanMs: 0 };
    const pace = { spanMs, windowMs, most: shadows * (1 - noiseShare) };
    const never = neverReaches(compared, fewestProving(parity), 'comparisons', pace);
    if (never === undefined) return [];
    return [
      {
        path: ['routes', index, 'autopilot'],
        kind: 'autopilot-too-quiet',
        message: `${route.id} will never prove its parity of ${parity}: ${never}`,
        remedy: 'raise rollout.shadow, lengthen compare.window (90d at most), or lower autopilot.gates.parity',
      },
    ];
  });
};

/** Milliseconds of a day. */
const DAY_MS = 24 * HOUR_MS;

/** A budget of a day that the evidence outlives proves nothing, however long one waits. */
const perDayTooSmall: Warn = ({ config }) => {
  const { perDay, window: windowMs } = config.compare;
  const shadowed = config.routes.flatMap((route, index) => (route.rollout.shadow > 0 ? [{ route, index }] : []));
  const all = shadowed.reduce((sum, { route }) => sum + requestsNeeded(config, route), 0);
  const limits = [
    {
      path: ['compare', 'perDay'],
      limit: perDay,
      needed: all,
      of: `${shadowed.length} ${shadowed.length === 1 ? 'route' : 'routes'} with shadows`,
      ofAll: true,
    },
    ...shadowed.map(({ route, index }) => {
      const path = ['routes', index, 'compare', 'perDay'];
      return { path, limit: route.compare?.perDay, needed: requestsNeeded(config, route), of: route.id, ofAll: false };
    }),
  ];
  return limits.flatMap(({ path, limit, needed, of, ofAll }) => {
    const days = limit === undefined ? 0 : Math.ceil(needed / limit);
    if (limit === undefined || days <= 1) return [];
    const isLost = days * DAY_MS > windowMs;
    const lost = isLost ? `, and compare.window (${durationText(windowMs)}) forgets it before` : '';
    return [
      {
        path,
        kind: 'per-day-too-small',
        message: `perDay ${limit} takes ${days} days for what is asked of ${of} (${needed} requests)${lost}`,
        remedy: isLost
          ? remedyOfLost(days, needed)
          : `raise perDay${ofAll ? ', or shadow fewer routes at a time' : ''}`,
      },
    ];
  });
};

/** Days; what `compare.window` may be at most. */
const MAX_WINDOW_DAYS = 90;

/** A window of the days that it takes, and one more, holds them to the end; where none is so long, a budget that needs fewer. */
function remedyOfLost(days: number, needed: number): string {
  const fewest = `raise perDay to ${Math.ceil(needed / (MAX_WINDOW_DAYS - 1))} or more`;
  return days < MAX_WINDOW_DAYS
    ? `raise perDay, or lengthen compare.window to ${days + 1}d`
    : `${fewest}, and lengthen compare.window to ${MAX_WINDOW_DAYS}d`;
}

/** Comparisons across and of direct with itself, until a route can be judged; on autopilot until its gate can be met. */
function requestsNeeded({ compare, defaults }: FacadeConfig, { autopilot }: FacadeConfig['routes'][number]): number {
  const { minSamples, minNoise, noiseShare } = compare;
  const parity = autopilot && (autopilot.gates?.parity ?? defaults.autopilot.gates.parity);
  const across = typeof parity === 'number' ? Math.max(minSamples, fewestProving(parity)) : minSamples;
  return across + Math.max(minNoise, Math.ceil((across * noiseShare) / (1 - noiseShare)));
}

const rolloutWithoutGateway: Warn = (input) => {
  if (input.config.upstreams.gateway.url !== '') return [];
  return rowsWith(input, ({ rollout }) => rollout.gateway > 0 || rollout.shadow > 0).map(({ route, path }) => ({
    path: [...path, route.rollout.gateway > 0 ? 'gateway' : 'shadow'],
    kind: 'no-gateway',
    message: `no gateway is configured, so ${route.id} is ${route.direct ? 'direct' : 'not offered'} whatever this says`,
    remedy: 'give upstreams.gateway.url an address, or write 0',
  }));
};

const canariesWithoutFallback: Warn = (input) =>
  rowsWith(input, ({ direct, rollout }) => {
    return direct !== undefined && rollout.fallback === 'none' && rollout.gateway > 0 && rollout.gateway < 100;
  }).map(({ route, path }) => ({
    path: [...path, 'fallback'],
    kind: 'canary-without-fallback',
    message: `what the gateway cannot serve of ${route.id} is answered as a failure, though direct still serves the rest`,
    remedy: 'write fallback: direct until it is at 100',
  }));

/** More callers than this come near to the share that is written. */
const FEW_CALLERS = 3;

/** Each caller is moved whole, so of one to three a share is none or all. */
const splitByFewCallers: Warn = (input) => {
  const tokens = (input.variables['FACADE_TOKENS'] ?? '').split(',').filter((token) => token.trim() !== '').length;
  const callers = tokens + (input.variables[input.pairVariables.direct.token] ? 1 : 0);
  if (callers === 0) return [];
  return rowsWith(input, (route) => {
    const { stickyBy, gateway } = rolloutOf(route);
    return route.direct !== undefined && stickyBy === 'caller' && gateway > 0 && gateway < 100;
  }).flatMap(({ route, path }) => {
    const named = Object.keys(namedCallersOf(input.config, route)).length;
    const split = Math.max(0, callers - named);
    if (split > FEW_CALLERS) return [];
    const who = `there ${split === 1 ? 'is 1 caller' : `are ${split} callers`}${named === 0 ? '' : ` besides ${named} named`}`;
    return [
      {
        path: [...path, 'gateway'],
        kind: 'few-callers',
        message: `${route.id} is split by caller, and ${who}: ${route.rollout.gateway} % may move all of them or nobody`,
        remedy: 'write a path parameter as stickyBy, or look at what the share came to in the last hour (routes, 1H)',
      },
    ];
  });
};

/** The path that each named caller takes whatever the share says, by its id. */
const namedCallersOf = (
  { defaults }: FacadeConfig,
  { callers }: FacadeConfig['routes'][number],
): Readonly<Record<string, Path>> => ({ ...defaults.callers, ...callers });

/** That many ids are written out. */
const MAX_NAMED = 3;

/** `gateway for 3f2a9c81d0b7`; undefined: for nobody */
function namedFor(named: Readonly<Record<string, Path>>, path: Path): string | undefined {
  const ids = Object.keys(named).filter((id) => named[id] === path);
  const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
  return ids.length === 0 ? undefined : `${path} for ${ids.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * What the number means for them is nothing: at 0 the gateway serves a pilot customer all the same, and at 100 direct one
 * that must not move.
 */
const namedCallersStay: Warn = ({ config }) =>
  config.routes.flatMap((route, index) => {
    if (route.direct === undefined || route.gateway === undefined) return [];
    const named = namedCallersOf(config, route);
    const always = (['gateway', 'direct'] as const).flatMap((path) => namedFor(named, path) ?? []);
    if (always.length === 0) return [];
    return [
      {
        path: ['routes', index, 'rollout', 'gateway'],
        kind: 'named-callers',
        message: `callers of ${route.id} take a path whatever the share is (${always.join('; ')})`,
        remedy:
          'where this flip is meant for them too, change callers in the config file; the kill switch moves all of them',
      },
    ];
  });

export const ROLLOUT_WARNINGS: readonly Warn[] = [
  writesWithoutEvidence,
  shadowsWithoutBudget,
  autopilotTooQuiet,
  perDayTooSmall,
  rolloutWithoutGateway,
  canariesWithoutFallback,
  splitByFewCallers,
];

/** What a flip says besides. In a file it is as it was meant, so `check` does not warn of it. */
export const FLIP_WARNINGS: readonly Warn[] = [...ROLLOUT_WARNINGS, namedCallersStay];
