import { query } from 'jsonpath-rfc9535';
import { toGateway } from '../dialect/body.ts';
import { isJsonMediaType } from '../../http/media.ts';
import type { RouteModel, VerifyRule } from '../rollout/route.ts';
import type { PathAnswer } from './comparison.ts';
import { Decimal } from './decimal.ts';
import { readPlainJson, type PlainJson } from './json-value.ts';
import { understood } from './understood.ts';

/**
 * Did a write arrive as it was asked? Writes cannot be shadowed, so the record is read back through direct afterwards.
 * This finds the gateway that answers 200 and sends Contact2Sale a field under a name that it does not read.
 */

export type VerifyResult = 'arrived' | 'not_arrived' | 'cannot_tell';

export interface Verification {
  readonly result: VerifyResult;
  /** Fields of the route that did not arrive, by their names on the gateway endpoint. */
  readonly missing: readonly string[];
  /** Why it cannot be told. */
  readonly why: CannotTell | undefined;
}

type CannotTell =
  /** The route has no `verify`. */
  | 'no_rule'
  /** The body that was asked is not understood, or has none of the fields that can be checked. */
  | 'nothing_to_check'
  /** The record could not be read back. */
  | 'not_read';

/**
 * @param asked the body as the caller sent it, in either dialect
 * @param params percent-decoded path parameters by name, for fields that only repeat them
 * @param read the answer of the route `verify.read`, asked through direct
 * @param longest bytes that the answer may unpack to
 */
export function verifyWrite(
  route: RouteModel,
  asked: Buffer,
  params: ReadonlyMap<string, string>,
  read: PathAnswer,
  longest: number,
): Verification {
  if (!route.verify) return cannotTell('no_rule');
  const fields = askedFields(route, route.verify, asked, params);
  if (fields.length === 0) return cannotTell('nothing_to_check');
  const document = documentIn(route, read, longest);
  if (document === undefined) return cannotTell('not_read');
  const missing = fields.filter(([, place, value]) => !arrived(document, place, value)).map(([name]) => name);
  return { result: missing.length === 0 ? 'arrived' : 'not_arrived', missing, why: undefined };
}

export const cannotTell = (why: CannotTell): Verification => ({ result: 'cannot_tell', missing: [], why });

type AskedField = readonly [name: string, place: string, value: string | number | boolean];

/** The scalar fields that were asked and can be found again. Null asks for nothing on the gateway endpoint. */
function askedFields(
  route: RouteModel,
  { fields }: VerifyRule,
  asked: Buffer,
  params: ReadonlyMap<string, string>,
): AskedField[] {
  const body = gatewayBody(route, asked, params);
  return Object.entries(fields).flatMap(([name, place]): AskedField[] => {
    const value = isRecord(body) && Object.hasOwn(body, name) ? body[name] : undefined;
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isScalar ? [[name, place, value]] : [];
  });
}

/** By gateway names: a body in the direct dialect is translated, one that does not translate is the gateway's already. */
function gatewayBody(route: RouteModel, asked: Buffer, params: ReadonlyMap<string, string>): PlainJson | undefined {
  if (!route.body) return undefined;
  const translated = toGateway(route.body, asked, params);
  return readPlainJson(translated.kind === 'ok' ? translated.value : asked);
}

const isRecord = (value: PlainJson | undefined): value is { [name: string]: PlainJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function documentIn(route: RouteModel, read: PathAnswer, longest: number): PlainJson | undefined {
  const { status, decoded, contentType } = understood(route, { ...read, path: 'direct' }, longest);
  const isRead = read.isComplete && read.failure === undefined && status === 200 && decoded.kind === 'ok';
  return isRead && isJsonMediaType(contentType) ? readPlainJson(decoded.body) : undefined;
}

/** Is the value in one of the places? 5 and "5" are one: both sides write ids either way. */
function arrived(document: PlainJson, place: string, value: string | number | boolean): boolean {
  return query(document, place).some((found) => scalarText(found) === scalarText(value));
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return Decimal.of(String(value)).text;
  return typeof value === 'string' ? Decimal.of(value.trim()).text : undefined;
}
