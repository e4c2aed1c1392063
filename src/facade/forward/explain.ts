import type { ApiPair } from '../rollout/api-pair.ts';
import type { Dialect, Fallback, Path, Safety } from '../rollout/route.ts';
import type { DecisionReason } from '../rollout/decide.ts';
import type { Match, Matcher } from '../rollout/matcher.ts';
import { OUTCOMES, type Outcome } from '../rollout/outcome.ts';
import { stageOf, type Stage } from '../rollout/stage.ts';
import { bucketFor, choose, forcedBy } from './choose.ts';
import type { Caller } from './callers.ts';
import type { Untranslatable } from '../dialect/result.ts';
import { mayFailover } from './failover.ts';
import { FORCE_HEADER, type ForceRefusal, type ForceVerdict } from './force-header.ts';
import type { PreparedRoute } from './runtime-snapshot.ts';
import { byForm, headFits, methodFor, planFor } from './plan.ts';
import { parseTarget } from './target.ts';

/**
 * What would become of a request, step by step, without sending it: the same functions in the same order as
 * exchange.ts, on the table that serves or on one that is only written. What depends on the moment (breaker, bulkhead,
 * rate budget) is not guessed.
 */

/** A request that nobody sends. */
interface Question {
  readonly method: string;
  /** As a caller would write it, query included. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none. */
  readonly body: Buffer | undefined;
  readonly caller: Caller | undefined;
}

/** The table and the moment that the question is asked of. */
interface Situation {
  readonly matcher: Matcher<PreparedRoute>;
  readonly gatewayAvailable: boolean;
  readonly killed: boolean;
  readonly forceHeader: boolean;
  /** FORCE_HEADER_SECRET. */
  readonly forceSecret: string | undefined;
  /** The path that a read is pinned to; undefined: no facade runs that could have sent a write. */
  readonly lastWriterOf: ((match: Match<PreparedRoute>, caller: Caller) => Path | undefined) | undefined;
  /** Base URL of each upstream, without a slash at the end. */
  readonly bases: Readonly<Record<Path, string>>;
}

/** What one path would be sent, or why it would not. */
export type Sending =
  | {
      readonly path: Path;
      readonly kind: 'sent';
      readonly method: string;
      readonly url: string;
      /** The body where the facade would write it anew; null: as it came; undefined: there is none. */
      readonly rewritten: string | null | undefined;
      /** Which credentials go along. */
      readonly credentials: string;
    }
  | ({ readonly path: Path } & Untranslatable)
  | { readonly path: Path; readonly kind: 'refused'; readonly outcome: Outcome; readonly status: number };

export type Explanation =
  | { readonly kind: 'passthrough' }
  /** A path of the gateway's dialect, asked with a method that it does not know. */
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  | {
      readonly kind: 'route';
      readonly route: string;
      readonly stage: Stage;
      readonly safety: Safety;
      readonly dialect: Dialect;
      readonly endpoint: string;
      readonly params: Readonly<Record<string, string>>;
      readonly stickyBy: string;
      readonly bucket: number;
      /** Buckets below this one are the gateway's, of 10,000. */
      readonly gatewayBuckets: number;
      /** The last so many of 10,000 are compared, where the route is safe and the split decides. */
      readonly shadowBuckets: number;
      readonly side: Path | undefined;
      readonly reason: DecisionReason;
      /** Why the force header that was sent does not count; undefined: none was sent, or it counts. */
      readonly forceIgnored: ForceRefusal | undefined;
      /** Undefined: the route pins no reads, or not this caller's. */
      readonly pin: Pin | undefined;
      /** In the order in which they would be tried; the second only where the first is not tried at all. */
      readonly sendings: readonly Sending[];
      readonly fallback: Fallback;
      readonly failover: FailoverRule;
    };

/** `pinAfterWrite` of a read. */
interface Pin {
  readonly forMs: number;
  /** The path of the last write. `none`: no write of late. `unknown`: no running facade was asked. */
  readonly lastWriter: Path | 'none' | 'unknown';
}

/** When a request that the gateway did not serve would be asked of direct. */
interface FailoverRule {
  /** Nothing of it was sent: refused, breaker open, no budget. */
  readonly unsent: boolean;
  /** The gateway failed, and may have acted on it. */
  readonly maybeReceived: boolean;
}

/** Works out what would become of the request; sends nothing. */
export function explainRequest(situation: Situation, question: Question): Explanation {
  const target = parseTarget(question.target);
  const claim = situation.matcher.match(question.method, target.path);
  if (!claim) {
    const allow = situation.matcher.methodsOf(target.path, 'gateway');
    return allow.length > 0 ? { kind: 'method', allow } : { kind: 'passthrough' };
  }
  const { caller, method, body } = question;
  const match = byForm(claim, body !== undefined, body);
  const { model } = match.route;
  const bucket = bucketFor(match, caller);
  const forced = forcedOf(situation, question, match);
  const pin = pinOf(situation, match, caller);
  const choice = choose(match, method, caller, {
    bucket,
    lastWriter: pin?.lastWriter === 'direct' || pin?.lastWriter === 'gateway' ? pin.lastWriter : undefined,
    gatewayAvailable: situation.gatewayAvailable,
    killed: situation.killed,
    forced: typeof forced === 'string' ? forced : undefined,
  });
  const { gateway, shadow, stickyBy, fallback } = model.rollout;
  return {
    kind: 'route',
    route: model.id,
    stage: stageOf(model.rollout, model.direct.length > 0),
    safety: model.safety,
    dialect: match.dialect,
    endpoint: `${match.endpoint.method} ${match.endpoint.template}`,
    params: Object.fromEntries(model.params.map((name, i) => [name, match.params[i] ?? ''])),
    stickyBy: model.params[stickyBy] ?? 'caller',
    bucket,
    gatewayBuckets: gateway,
    shadowBuckets: shadow,
    side: choice.path,
    reason: choice.reason,
    forceIgnored: typeof forced === 'object' ? forced.ignored : undefined,
    pin,
    sendings: choice.path ? sendingsOf(situation, question, match, choice.path) : [refused('gateway', choice.refusal)],
    fallback,
    failover: failoverOf(match.route, fallback),
  };
}

function forcedOf(
  { forceHeader, forceSecret }: Situation,
  { headers, caller }: Question,
  match: Match<PreparedRoute>,
): ForceVerdict | undefined {
  const sent = headers[FORCE_HEADER];
  if (sent === undefined) return undefined;
  if (!forceHeader) return { ignored: 'server.forceHeader is off' };
  return caller ? forcedBy(sent, forceSecret, match, caller) : { ignored: 'of an unknown caller' };
}

function pinOf({ lastWriterOf }: Situation, match: Match<PreparedRoute>, caller: Caller | undefined): Pin | undefined {
  const { pinAfterWriteMs: forMs } = match.route.model;
  if (forMs === 0 || !caller) return undefined;
  return { forMs, lastWriter: lastWriterOf ? (lastWriterOf(match, caller) ?? 'none') : 'unknown' };
}

function sendingsOf(situation: Situation, question: Question, match: Match<PreparedRoute>, path: Path): Sending[] {
  const first = sendingBy(situation, question, match, path);
  if (first.kind !== 'untranslatable') return [first];
  const next =
    path === 'gateway' && failoverOf(match.route, match.route.model.rollout.fallback).unsent
      ? sendingBy(situation, question, match, 'direct')
      : refused(path, 'untranslatable');
  return [first, next];
}

function sendingBy(situation: Situation, question: Question, match: Match<PreparedRoute>, path: Path): Sending {
  const { method, headers, body, caller } = question;
  const hasBody = body !== undefined;
  const fits = headFits(match, path, { headers }, hasBody);
  if (fits.kind === 'refused') return refused(path, fits.outcome);
  if (fits.kind === 'untranslatable') return { path, ...fits };
  const plan = planFor(match, path, parseTarget(question.target), hasBody, body);
  if (plan.kind === 'untranslatable') return { path, ...plan };
  const { target, isTranslated } = plan.value;
  return {
    path,
    kind: 'sent',
    method: methodFor(match, path, method),
    url: situation.bases[path] + target,
    rewritten: isTranslated ? plan.value.body?.toString() : hasBody ? null : undefined,
    credentials: credentialsOf(match.route.model.pair, path, caller),
  };
}

function credentialsOf({ variables }: ApiPair, path: Path, caller: Caller | undefined): string {
  const { token } = variables[path];
  if (path === 'gateway') return `${token}, if it is set`;
  return caller ? `${token}, in place of the caller’s own` : 'the caller’s own, as sent';
}

function refused(path: Path, outcome: Outcome): Sending {
  return { path, kind: 'refused', outcome, status: OUTCOMES[outcome].status };
}

function failoverOf({ model }: PreparedRoute, fallback: Fallback): FailoverRule {
  const may = (outcome: Outcome) => model.direct.length > 0 && mayFailover(model.safety, outcome, fallback, false);
  return { unsent: may('upstream_connect'), maybeReceived: may('upstream_respond') };
}

/**
 * The caller that is meant: `known` (who presents the direct side's own token, else any other known one), `unknown`, or the
 * id that the log shows. Null: no known caller has that id.
 */
export function callerNamed(name: string, callers: readonly Caller[]): Caller | undefined | null {
  if (name === 'unknown') return undefined;
  if (name === 'known') return callers.at(-1) ?? null;
  return callers.find(({ id }) => id === name) ?? null;
}
