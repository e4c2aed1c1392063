import type { BodyRule } from '../../facade/config/schema.ts';
import type { AnswerBody, Dialect } from '../../facade/rollout/api-pair.ts';
import { faultsOfDirect, faultsOfGateway, type FieldFault } from './faults.ts';
import { isJsonMediaType } from '../../http/media.ts';
import { isQuiet, sentenceFor } from './sentences.ts';

export { unwrapGatewayError, type GatewayVerdict } from './verdict.ts';

/**
 * Answers in the dialect in which was asked, when the other path served. Successes keep their body and get the status
 * that the dialect owes; errors get a body in the shape that the dialect's callers read: `{"error": …}` of
 * Contact2Sale, `{"detail": …}` of the gateway. Nothing the upstream wrote is passed on unless it is harmless: its
 * texts hold internal addresses, what the caller sent, and words that make callers send again.
 */

/**
 * The body of an error that the gateway path came to, for a caller who asked in `asked`.
 * @param status what the caller is answered: that of Contact2Sale once unwrapped, else the gateway's or the facade's own
 * @param gatewayBody the gateway's answer; read for 422 only, whose list of fields is kept (without `input`, `ctx`, `url`)
 * @param rule names the fields as the asking dialect does
 */
export function errorForDialect(asked: Dialect, status: number, gatewayBody?: Buffer, rule?: BodyRule): AnswerBody {
  const sentence = sentenceFor(status);
  const faults = status === 422 && gatewayBody !== undefined ? faultsOfGateway(parse(gatewayBody)) : [];
  if (asked === 'direct' && gatewayBody !== undefined && isContact2Sales(gatewayBody)) {
    return { contentType: 'application/json', body: gatewayBody };
  }
  if (asked === 'gateway') return json({ detail: faults.length > 0 ? faults.map(toDetail) : sentence });
  if (faults.length === 0) return json({ error: sentence });
  return json({ error: sentence, errors: faults.map((fault) => toError(fault, rule)) });
}

/**
 * Contact2Sale's error body for a caller who asked in the gateway dialect: the fields of a 422 as the list that FastAPI
 * makes of them, else its sentence if that is fit to be shown, else ours for the status.
 */
export function directErrorToGatewayDialect(
  status: number,
  contentType: string | undefined,
  body: Buffer,
  rule?: BodyRule,
): AnswerBody {
  const parsed = isJsonMediaType(contentType) ? parse(body) : undefined;
  const faults = status === 422 ? faultsOfDirect(parsed, rule) : [];
  if (faults.length > 0) return json({ detail: faults.map(toDetail) });
  const error = typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : undefined;
  return json({ detail: typeof error === 'string' && isQuiet(error) ? error : sentenceFor(status) });
}

/** The TypeScript gateway passes Contact2Sale's own error body on. It stays, unless it holds what must not be shown. */
function isContact2Sales(body: Buffer): boolean {
  const parsed = parse(body);
  return typeof parsed === 'object' && parsed !== null && 'error' in parsed && isQuiet(body.toString('utf8'));
}

const toDetail = ({ loc, message, type }: FieldFault) => ({ loc, msg: message, type });

function toError({ loc, message }: FieldFault, rule: BodyRule | undefined) {
  const name = loc.findLast((part) => typeof part === 'string') ?? 'body';
  const direct = loc[0] === 'body' ? rule?.fields[name]?.direct : undefined;
  return { field: (typeof direct === 'string' ? direct : direct?.[0]) ?? name, message };
}

function json(value: unknown): AnswerBody {
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
