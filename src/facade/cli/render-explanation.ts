import type { ExplainAnswer } from '../admin/explain.ts';
import { describeLoss } from '../dialect/result.ts';
import type { Explanation, Sending } from '../forward/explain.ts';
import { BUCKETS } from '../rollout/split.ts';
import type { Style } from './context.ts';
import { percent } from './format.ts';
import { durationText } from '../../http/units.ts';

/** An explanation in words, one line a step. */

export interface Explained extends ExplainAnswer {
  /** The admin listener that was asked, or the file. */
  readonly by: string;
}

type OfRoute = Extract<Explanation, { kind: 'route' }>;
type Line = readonly [label: string, text: string];

export function renderExplanation(
  asked: { readonly method: string; readonly target: string },
  explained: Explained,
  style: Style,
): string {
  const { by, digest, killSwitch, caller, explanation, breakers } = explained;
  const lines: Line[] = [
    ...nowLines(explained, style),
    ['request', `${asked.method} ${asked.target}`],
    ['caller', caller === null ? 'unknown' : `known (${caller})`],
    ['table', `${by}, digest ${digest}${killSwitch ? style.red(', KILL SWITCH ON') : ''}`],
    ...linesOf(explanation, style),
    ...(breakers && (breakers.direct !== 'closed' || breakers.gateway !== 'closed')
      ? [['breakers', style.red(`direct ${breakers.direct}, gateway ${breakers.gateway}`)] as const]
      : []),
  ];
  return lines.map(([label, text]) => `${style.dim(label.padEnd(9))} ${text}`).join('\n');
}

/** Where the gateway cannot serve at the moment what the table gives it. */
function nowLines({ explanation, breakers, gatewayHealth }: Explained, style: Style): Line[] {
  if (explanation.kind !== 'route' || explanation.side !== 'gateway') return [];
  const mayFallBack = explanation.failover.unsent;
  // Only a route that direct may serve in its place heeds the checks.
  const isUnhealthy = mayFallBack && gatewayHealth === 'unhealthy';
  const why = [
    ...(isUnhealthy ? ['the gateway is unhealthy: its health checks fail'] : []),
    ...(breakers?.gateway === 'open' ? ['the breaker of the gateway is open'] : []),
  ];
  if (why.length === 0 && breakers?.gateway !== 'half-open') return [];
  const who = mayFallBack ? 'direct serves' : 'the facade refuses';
  if (why.length > 0) return [['now', style.red(`${who} this request, because ${why.join(', and ')}`)]];
  return [['now', style.yellow(`${who} most requests, because the breaker of the gateway is half-open`)]];
}

function linesOf(explanation: Explanation, style: Style): Line[] {
  if (explanation.kind === 'passthrough') return [['route', 'none: passed through to the direct upstream as it came']];
  if (explanation.kind === 'method') {
    return [['route', `none: the path takes ${explanation.allow.join(', ')} only; answered 405 by the facade`]];
  }
  const { route, stage, safety, dialect, endpoint, params } = explanation;
  const values = Object.entries(params).map(([name, value]) => `${name} = ${value}`);
  return [
    ['route', `${style.bold(route)} (${stage}, ${safety})`],
    ['endpoint', `${endpoint}, the ${dialect} dialect`],
    ...(values.length > 0 ? [['params', values.join(', ')] as const] : []),
    ['split', splitText(explanation)],
    ['shadow', shadowText(explanation)],
    ['side', sideText(explanation, style)],
    ...forceLines(explanation, style),
    ...pinLines(explanation),
    ...explanation.sendings.flatMap(sendingLines),
    ['failover', failoverText(explanation)],
  ];
}

function splitText({ stickyBy, bucket, gatewayBuckets }: OfRoute): string {
  const below = gatewayBuckets === 0 ? 'none' : `those below ${gatewayBuckets}`;
  const moves = `it ${bucket < gatewayBuckets ? 'moved' : 'moves'} at ${percent((bucket + 1) / 100)}`;
  return `by ${stickyBy}: bucket ${bucket} of ${BUCKETS}; the gateway has ${below} (${percent(gatewayBuckets / 100)}); ${moves}`;
}

/** Whether the request is copied and compared, and for a value that the share never picks, from which share on. */
function shadowText({ safety, reason, stickyBy, bucket, shadowBuckets }: OfRoute): string {
  if (safety !== 'safe') return 'none: a write is never copied';
  if (reason !== 'split') return `none: ${reason}, and only what the split decides is copied`;
  const share = percent(shadowBuckets / 100);
  if (stickyBy === 'caller') return `${share} of the requests, whichever: each draws for itself`;
  const first = BUCKETS - shadowBuckets;
  if (bucket >= first) return `compared: the share of ${share} has the buckets from ${first} on`;
  const has = shadowBuckets === 0 ? 'none' : `the buckets from ${first} on`;
  return `not compared: the share of ${share} has ${has}; it is compared from ${percent((BUCKETS - bucket) / 100)}`;
}

function sideText({ side, reason }: OfRoute, style: Style): string {
  return `${side === undefined ? style.red('refused') : style.bold(side)}, because: ${reason}`;
}

function forceLines({ forceIgnored }: OfRoute, style: Style): Line[] {
  return forceIgnored === undefined ? [] : [['force', style.yellow(`the header is ignored: ${forceIgnored}`)]];
}

/** A read that follows a write of its own value is where the split does not say. */
function pinLines({ pin, stickyBy }: OfRoute): Line[] {
  if (!pin) return [];
  const text = `for ${durationText(pin.forMs)} after a write with the same ${stickyBy}, to the path of the write`;
  const now = {
    none: 'this process sent none of late',
    unknown: 'only a running facade knows of one',
    direct: 'the last one took direct',
    gateway: 'the last one took gateway',
  }[pin.lastWriter];
  return [['pin', `${text}; ${now}`]];
}

function sendingLines(sending: Sending): Line[] {
  if (sending.kind === 'untranslatable') {
    return [['not sent', `the ${sending.path} path cannot carry it: ${describeLoss(sending)}`]];
  }
  if (sending.kind === 'refused') return [['answer', `${sending.status} by the facade (${sending.outcome})`]];
  return [
    ['sent', `${sending.method} ${sending.url}`],
    ['', `credentials: ${sending.credentials}`],
    ...(sending.rewritten === undefined ? [] : [['', `body: ${sending.rewritten ?? 'as it came'}`] as const]),
  ];
}

function failoverText({ side, failover: { unsent, maybeReceived }, fallback, safety }: OfRoute): string {
  if (side !== 'gateway') return 'none: direct has nobody to fall back on';
  if (!unsent) return `none (fallback: ${fallback}): the failure is answered`;
  const received = maybeReceived ? 'also' : 'never';
  return `to direct when nothing was sent; ${received} when the gateway may have received it (${safety})`;
}
