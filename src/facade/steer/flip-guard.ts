import type { ParityReport } from '../compare/report.ts';
import type { ParityVerdict } from '../compare/verdict.ts';
import { safetyOf } from '../config/safety.ts';
import type { FacadeConfig, RouteConfig } from '../config/schema.ts';
import type { PairVariables, Variables } from '../config/variables.ts';
import type { Logger } from '../../http/log.ts';
import type { FlipChange } from '../rollout/flip.ts';
import { FlipRefused } from './refused.ts';
import { FLIP_WARNINGS, type RaisedWarning, type SeenEvidence } from './rollout-warnings.ts';

/**
 * The guard at the flip: what the evidence says of a change before it is made, and whether the change needs force. The
 * one place that decides it, for the command line, the console, the API and rollbacks; of an edit of the config file it
 * only tells.
 *
 * Two changes are guarded, whatever asks for them:
 *
 * - **upward**: a higher percentage of the gateway than serves now. A read needs force where it is `not ready` or was
 *   never compared. A write needs force where it is `not ready` alone: it can be read back only once the gateway serves
 *   some of it, so a write without read-backs must not be held at 0 for the lack of them.
 * - **retiring**: `fallback: direct` becomes `none`. Below 100 it needs force, and so it does without the verdict `ready`,
 *   a write without `verify` too: from there on the caller has every failure.
 *
 * Lowering, `shadow`, `stickyBy` and the kill switch are never guarded: the way back must not have a condition. A
 * rollback that goes above what serves now is an upward change as any other. The autopilot is not asked: its gates
 * (compare/autopilot/gates.ts) want more.
 *
 * Both need force, too, while the gateway is down: its breaker of the route is open, or its health checks fail. The
 * evidence is of before, and a raise would send more callers into the fallback, or into failures.
 *
 * A gateway that lacks the operation and a half-open breaker are told and need no force by themselves: only an attempt
 * ends either, and at 0 there is none. The ramp holds back what a raise gives a half-open breaker.
 */

/** What this instance sees of the gateway, of one route, that speaks against giving it more. */
export interface GatewayTrouble {
  /** Half a sentence: `the gateway's breaker is open` */
  readonly text: string;
  /** Nothing is let through, or its health checks fail. */
  readonly isDown: boolean;
}

export interface FlipCheck {
  readonly route: string;
  readonly verdict: FlipVerdict;
  /** Why, each a sentence without values of documents. */
  readonly because: readonly string[];
  /** What `check` warns of, were the change in the file, and which callers the change does not move. */
  readonly warnings: readonly Omit<RaisedWarning, 'path'>[];
  readonly gatewayLacksOperation: boolean;
  /** Of a change that gives the gateway more; left out: there is none. */
  readonly gatewayTrouble?: GatewayTrouble | undefined;
  /** What stands against the change, each a sentence; empty: it needs no force. */
  readonly needsForce: readonly string[];
}

type FlipVerdict =
  | ParityVerdict['kind']
  /** Of a read: no answer of the gateway was held against one of direct within `compare.window`. */
  | 'never compared'
  /** There is no other path to compare with. */
  | 'one endpoint'
  /** Of a change that only lowers: a report of a busy route takes 10 ms, and the way back is in a hurry. */
  | 'not asked';

/** @param config with the changes made. */
export type FlipGuard = (changes: readonly FlipChange[], config: FacadeConfig) => readonly FlipCheck[];

export interface GuardFacts {
  /** Undefined for a route that is not in the table. */
  readonly reportOf: (route: string) => ParityReport | undefined;
  /** The last attempt of the gateway said that it does not have the operation. */
  readonly lacksOperation: (route: string) => boolean;
  /** Undefined: the gateway is well, as far as is known. */
  readonly gatewayTrouble: (route: string) => GatewayTrouble | undefined;
  readonly variables: () => Variables;
  readonly pairVariables: PairVariables;
}

export function createFlipGuard(facts: GuardFacts): FlipGuard {
  return (changes, config) => {
    const asked = changes.filter((change) => isRetired(change) || change.to.gateway >= change.from.gateway);
    const reports = new Map(asked.map(({ route }) => [route, facts.reportOf(route)]));
    const { byRoute, ofShadows } = warningsOf(reports, config, facts);
    return changes.flatMap((change): FlipCheck[] => {
      const route = config.routes.find(({ id }) => id === change.route);
      if (!route) return [];
      const evidence = reports.has(route.id)
        ? evidenceOf(route, reports.get(route.id))
        : { verdict: 'not asked' as const, because: [] };
      const isGuarded = evidence.verdict !== 'one endpoint' && (isRaised(change) || isRetired(change));
      const gatewayTrouble = isGuarded ? facts.gatewayTrouble(route.id) : undefined;
      return [
        {
          route: route.id,
          ...evidence,
          warnings: [...(byRoute.get(route.id) ?? []), ...(change.to.shadow > change.from.shadow ? ofShadows : [])],
          gatewayLacksOperation: route.gateway !== undefined && facts.lacksOperation(route.id),
          ...(gatewayTrouble && { gatewayTrouble }),
          needsForce: [
            ...againstEvidence(change, evidence.verdict),
            ...(isRaised(change) && differsSoFar(reports.get(route.id))
              ? [`${raiseOf(change)} though answers differ`]
              : []),
            ...againstTrouble(change, gatewayTrouble),
          ],
        },
      ];
    });
  };
}

function evidenceOf(route: RouteConfig, report: ParityReport | undefined): Pick<FlipCheck, 'verdict' | 'because'> {
  if (route.direct === undefined || route.gateway === undefined) return { verdict: 'one endpoint', because: [] };
  const reasons = report?.verdict.reasons ?? [];
  if (safetyOf(route) === 'safe' && comparedIn(report) === 0) {
    const because = reasons.filter(({ kind }) => kind === 'samples').map(({ text }) => text);
    return { verdict: 'never compared', because };
  }
  return { verdict: report?.verdict.kind ?? 'cannot be measured', because: reasons.map(({ text }) => text) };
}

/** Too many answers differ to be chance, though it is not known yet what differs by itself. */
const differsSoFar = (report: ParityReport | undefined): boolean =>
  report?.verdict.kind === 'not enough data' && report.verdict.reasons.some(({ kind }) => kind === 'parity');

const isRaised = ({ from, to }: FlipChange): boolean => to.gateway > from.gateway;
const isRetired = ({ from, to }: FlipChange): boolean => from.fallback === 'direct' && to.fallback === 'none';

function againstTrouble(change: FlipChange, trouble: GatewayTrouble | undefined): string[] {
  if (!trouble?.isDown) return [];
  return [
    ...(isRaised(change) ? [`${raiseOf(change)} while ${trouble.text}`] : []),
    ...(isRetired(change) ? [`fallback: none while ${trouble.text}`] : []),
  ];
}

/** `gateway 5 → 25` */
const raiseOf = ({ from, to }: FlipChange): string => `gateway ${from.gateway} → ${to.gateway}`;

function againstEvidence(change: FlipChange, verdict: FlipVerdict): string[] {
  const { to } = change;
  if (verdict === 'one endpoint') return [];
  const how = verdict === 'not ready' ? 'against the verdict' : 'without evidence';
  const against: string[] = [];
  if (isRaised(change) && (verdict === 'not ready' || verdict === 'never compared'))
    against.push(`${raiseOf(change)} ${how}`);
  if (isRetired(change) && verdict !== 'ready') against.push(`fallback: none ${how}`);
  if (isRetired(change) && to.gateway < 100)
    against.push(`fallback: none at gateway ${to.gateway}, though direct still serves the rest`);
  return against;
}

interface FlipWarnings {
  readonly byRoute: ReadonlyMap<string, FlipCheck['warnings']>;
  /** Of the comparison of all routes together: told of a route that gets more shadows. */
  readonly ofShadows: FlipCheck['warnings'];
}

function warningsOf(
  reports: ReadonlyMap<string, ParityReport | undefined>,
  config: FacadeConfig,
  { variables, pairVariables }: GuardFacts,
): FlipWarnings {
  const seen = new Map<string, SeenEvidence>();
  const verdicts = new Map<string, string>();
  for (const [route, report] of reports) {
    if (!report) continue;
    seen.set(route, { compared: comparedIn(report), spanMs: report.pace.spanMs });
    verdicts.set(route, report.verdict.kind);
  }
  const input = { config, variables: variables(), pairVariables, seen, verdicts };
  const byRoute = new Map<string, FlipCheck['warnings']>();
  const ofShadows: Omit<RaisedWarning, 'path'>[] = [];
  for (const { path, ...warning } of FLIP_WARNINGS.flatMap((warn) => warn(input))) {
    if (path[0] === 'compare') ofShadows.push(warning);
    const id = path[0] === 'routes' ? config.routes[Number(path[1])]?.id : undefined;
    if (id === undefined) continue;
    byRoute.set(id, [...(byRoute.get(id) ?? []), warning]);
  }
  return { byRoute, ofShadows };
}

/** Answers of direct that were held against the gateway's. */
function comparedIn(report: ParityReport | undefined): number {
  if (!report) return 0;
  const { match, ignored, mismatch } = report.counts;
  return match + ignored + mismatch;
}

/** The changes as the history is to have them. @throws FlipRefused where one needs force. */
export function admitted(
  changes: readonly FlipChange[],
  checks: readonly FlipCheck[],
  isForced: boolean,
): readonly FlipChange[] {
  const held = checks.filter((check) => check.needsForce.length > 0);
  if (held.length === 0) return changes;
  if (!isForced) {
    const sentences = held.map((check) => `${check.route} needs force: ${againstOf(check)}`);
    const remedy = `Nothing was changed. ${mendOf(held, 'the parity')}, or send force: true with a why.`;
    throw new FlipRefused('needs-force', [...sentences, remedy].join('\n'));
  }
  const against = againstByRoute(held);
  return changes.map((change) => ({ ...change, against: against.get(change.route) }));
}

/**
 * What to do first about flips that need force.
 * @param parity where the evidence is to be seen.
 */
export function mendOf(held: readonly FlipCheck[], parity: string): string {
  const isDown = (check: FlipCheck): boolean => check.gatewayTrouble?.isDown === true;
  const ofTrouble = (check: FlipCheck, against: string): boolean =>
    isDown(check) && against.endsWith(` while ${check.gatewayTrouble?.text}`);
  const isOfEvidence = held.some((check) => check.needsForce.some((against) => !ofTrouble(check, against)));
  const first = held.some(isDown) ? ['wait until the gateway is well again'] : [];
  const todo = [...first, ...(isOfEvidence ? [`mend what ${parity} names`] : [])].join(' and ');
  return todo.charAt(0).toUpperCase() + todo.slice(1);
}

/** What stands against the changes that an edit of the file made, by route. The edit serves all the same. */
export type FileGuard = (changes: readonly FlipChange[], config: FacadeConfig) => ReadonlyMap<string, string>;

/** Tells the log of each route that a flip would have needed force for. */
export function createFileGuard(guard: FlipGuard, log: Logger): FileGuard {
  return (changes, config) => {
    const held = guard(changes, config).filter((check) => check.needsForce.length > 0);
    for (const check of held) {
      log.warn(
        { route: check.route, against: againstOf(check) },
        'the config file was edited and serves, though a flip to it would have needed force; look at what stands against it',
      );
    }
    return againstByRoute(held);
  };
}

/** `gateway 0 → 25 against the verdict (parity: not ready, 57 of 82 answers differ)` */
const againstOf = ({ needsForce: against, verdict, because }: FlipCheck): string =>
  `${against.join('; ')} (parity: ${[verdict, ...because].join(', ')})`;

const againstByRoute = (held: readonly FlipCheck[]): ReadonlyMap<string, string> =>
  new Map(held.map((check) => [check.route, againstOf(check)]));
