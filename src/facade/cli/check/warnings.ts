import { existsSync } from 'node:fs';
import { readDocument } from '../../config/document.ts';
import { placeName } from '../../config/place.ts';
import type { ConfigPath } from '../../config/problem.ts';
import { Callers } from '../../forward/callers.ts';
import { neverReaches } from '../../compare/pace.ts';
import { fewestProving } from '../../compare/any-time.ts';
import { rolloutOf } from '../../config/rollout.ts';
import { safetyOf } from '../../config/safety.ts';
import type { FacadeConfig } from '../../config/schema.ts';
import type { ConfigSection } from '../../config/table-schema.ts';
import type { PairVariables, Variables } from '../../config/variables.ts';

/**
 * What the loader takes and an operator may still not have meant. A warning is a function of its own and a line in
 * WARNINGS; it says everything that it finds, each with what to do instead.
 */

export interface CheckWarning {
  /** Stable, for scripts: `write-without-evidence`. */
  readonly kind: string;
  readonly line: number;
  readonly column: number;
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
}

interface WarningInput {
  readonly text: string;
  readonly config: FacadeConfig;
  readonly variables: Variables;
  /** The variables of the two sides, as the pair calls them. */
  readonly pairVariables: PairVariables;
  /** What the operator calls this command. */
  readonly command: string;
  /** Of the extension; undefined: there is none. */
  readonly section: ConfigSection | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Ids of the table that serves now; undefined: no facade was asked. */
  readonly running: readonly string[] | undefined;
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

interface Raised {
  readonly path: ConfigPath;
  readonly kind: string;
  readonly message: string;
  readonly remedy: string;
}
type Warn = (input: WarningInput) => Raised[];

/** Every warning, in the order of the file. */
export function warningsOf(input: WarningInput): CheckWarning[] {
  const document = readDocument(input.text);
  return WARNINGS.flatMap((warn) => warn(input))
    .map(({ path, ...rest }) => {
      const { line, column } = document.position(path, 'value');
      return { ...rest, line, column, where: placeName(path, document.value) };
    })
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}

const rowsWith = ({ config }: WarningInput, holds: (route: FacadeConfig['routes'][number]) => boolean) =>
  config.routes.flatMap((route, index) => (holds(route) ? [{ route, path: ['routes', index, 'rollout'] }] : []));

const writesWithoutEvidence: Warn = (input) =>
  rowsWith(input, (route) => {
    const isMoved = route.direct !== undefined && route.rollout.gateway === 100;
    return isMoved && safetyOf(route) !== 'safe' && input.verdicts?.get(route.id) !== 'ready';
  }).map(({ route, path }) => ({
    path: [...path, 'gateway'],
    kind: 'write-without-evidence',
    message: `all writes of ${route.id} go through the gateway, and ${evidenceOf(input, route.id)}`,
    remedy: `lower it and look at "${input.command} parity" (verify: read-back), or check by hand that a write arrives as asked`,
  }));

function evidenceOf({ verdicts }: WarningInput, id: string): string {
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
  if (callers === 0 || callers > FEW_CALLERS) return [];
  return rowsWith(input, (route) => {
    const { stickyBy, gateway } = rolloutOf(route);
    return route.direct !== undefined && stickyBy === 'caller' && gateway > 0 && gateway < 100;
  }).map(({ route, path }) => ({
    path: [...path, 'gateway'],
    kind: 'few-callers',
    message: `${route.id} is split by caller, and there ${callers === 1 ? 'is 1 caller' : `are ${callers} callers`}: ${route.rollout.gateway} % may move all of them or nobody`,
    remedy: `write a path parameter as stickyBy, or see in "${input.command} routes" what the share came to (1H)`,
  }));
};

/** A caller whose token left FACADE_TOKENS, or a mistyped id: nothing would take the path that the operator meant. */
const namesUnknownCallers: Warn = ({ config, variables, pairVariables }) => {
  const tokens = (variables['FACADE_TOKENS'] ?? '').split(',').map((token) => token.trim());
  const known = new Callers(variables[pairVariables.direct.token], tokens, new Set()).all.map(({ id }) => id);
  if (known.length === 0) return [];
  const named = [
    { path: ['defaults', 'callers'], ids: Object.keys(config.defaults.callers) },
    ...config.routes.map(({ callers = {} }, i) => ({ path: ['routes', i, 'callers'], ids: Object.keys(callers) })),
  ];
  return named.flatMap(({ path, ids }) =>
    ids
      .filter((id) => !known.includes(id))
      .map((id) => ({
        path: [...path, id],
        kind: 'unknown-caller-id',
        message: `${id} is the id of no token in FACADE_TOKENS, so no request takes this path by it`,
        remedy: `write one of ${known.join(', ')}, or take the line out`,
      })),
  );
};

/** A file that was cut between two routes is sound in itself. */
const vanishedRoutes: Warn = ({ config, running }) => {
  const gone = running?.filter((id) => !config.routes.some((route) => route.id === id)) ?? [];
  if (gone.length === 0) return [];
  return [
    {
      path: ['routes'],
      kind: 'routes-vanished',
      message: `${gone.join(', ')}: in the table that serves, and not in this file`,
      remedy: 'put them back, unless their traffic is to go direct as it comes',
    },
  ];
};

/** A variable that is set and named nowhere does nothing: whoever empties it in an emergency would wait in vain. */
const unusedVariables: Warn = ({ text, variables, pairVariables }) =>
  (['direct', 'gateway'] as const)
    .map((side) => [pairVariables[side].url, side] as const)
    .filter(([name]) => variables[name]?.trim() && !text.includes(`\${${name}}`))
    .map(([name, upstream]) => ({
      path: ['upstreams', upstream, 'url'],
      kind: 'unused-variable',
      message: `${name} is set and the file does not name it, so it has no effect`,
      remedy: `write url: \${${name}}, or unset the variable`,
    }));

const killedByFile: Warn = ({ config, command }) => {
  const file = config.server.killSwitchFile;
  if (file === undefined || !existsSync(file)) return [];
  return [
    {
      path: ['server', 'killSwitchFile'],
      kind: 'kill-switch',
      message: `${file} exists, so every route is direct`,
      remedy: `${command} kill-switch off when it is over`,
    },
  ];
};

const everybodyIsTrusted: Warn = ({ config }) =>
  config.server.trustedProxies.flatMap((range, i) =>
    /\/0$/.test(range)
      ? [
          {
            path: ['server', 'trustedProxies', i],
            kind: 'everybody-trusted',
            message: `${range} is everybody: any caller may say in x-forwarded-for where it comes from`,
            remedy: 'write the addresses of the load balancers alone',
          },
        ]
      : [],
  );

const ofTheSection: Warn = ({ section, config, now }) =>
  (section?.warnings?.(config.extension, now) ?? []).map(({ path, ...rest }) => ({
    ...rest,
    path: [section?.key ?? '', ...path],
  }));

const WARNINGS: readonly Warn[] = [
  writesWithoutEvidence,
  shadowsWithoutBudget,
  autopilotTooQuiet,
  rolloutWithoutGateway,
  canariesWithoutFallback,
  splitByFewCallers,
  namesUnknownCallers,
  vanishedRoutes,
  unusedVariables,
  killedByFile,
  everybodyIsTrusted,
  ofTheSection,
];
