import type { ExplainAnswer } from '../admin/explain.ts';
import { describeLoss } from '../dialect/result.ts';
import type { Explanation, Sending } from '../forward/explain.ts';
import type { Style } from './context.ts';
import { percent } from './format.ts';

/** An explanation in words, one line a step. */

export interface Explained extends ExplainAnswer {
  /** The admin listener that was asked, or the file. */
  readonly by: string;
}

type OfRoute = Extract<Explanation, { kind: 'route' }>;
type Line = readonly [label: string, text: string];

export function renderExplanation(
  asked: { readonly method: string; readonly target: string },
  { by, digest, killSwitch, caller, explanation, breakers }: Explained,
  style: Style,
): string {
  const lines: Line[] = [
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
    ['side', sideText(explanation, style)],
    ...explanation.sendings.flatMap(sendingLines),
    ['failover', failoverText(explanation)],
  ];
}

function splitText({ stickyBy, bucket, gatewayBuckets }: OfRoute): string {
  const compared =
    stickyBy === 'caller' ? '' : `, and is compared from a shadow share of ${percent((10_000 - bucket) / 100)}`;
  const moves = `; it moves at ${percent((bucket + 1) / 100)}${compared}`;
  const below = gatewayBuckets === 0 ? 'none' : `those below ${gatewayBuckets}`;
  return `by ${stickyBy}: bucket ${bucket} of 10000; the gateway has ${below} (${percent(gatewayBuckets / 100)})${moves}`;
}

function sideText({ side, reason }: OfRoute, style: Style): string {
  return `${side === undefined ? style.red('refused') : style.bold(side)}, because: ${reason}`;
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
