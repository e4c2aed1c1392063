import { query } from 'jsonpath-rfc9535';
import { askedFields } from '../dialect/body.ts';
import type { JsonNode } from '../dialect/json.ts';
import type { Dialect, RouteModel, VerifyRule } from '../rollout/route.ts';
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
  /** Fields that were asked and did not arrive, by their names on the gateway endpoint. */
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
 * @param asked the body as the caller sent it
 * @param dialect in which it was sent
 * @param read the answer of the route `verify.read`, asked through direct
 * @param longest bytes that the answer may unpack to
 */
export function verifyWrite(
  route: RouteModel,
  asked: Buffer,
  dialect: Dialect,
  read: PathAnswer,
  longest: number,
): Verification {
  if (!route.verify) return cannotTell('no_rule');
  const fields = checkedFields(route, route.verify, asked, dialect);
  if (fields.length === 0) return cannotTell('nothing_to_check');
  const document = documentIn(route, read, longest);
  if (document === undefined) return cannotTell('not_read');
  const missing = fields.filter((field) => !arrived(document, field)).map(({ name }) => name);
  return { result: missing.length === 0 ? 'arrived' : 'not_arrived', missing, why: undefined };
}

export const cannotTell = (why: CannotTell): Verification => ({ result: 'cannot_tell', missing: [], why });

/** One that can be looked for. */
interface CheckedField {
  /** As it is counted when it is missing. */
  readonly name: string;
  /** What the record has in its place. */
  readonly valuesIn: (record: PlainJson) => readonly unknown[];
  /** As it stands in the body; a text without its quotes. */
  readonly text: string;
}

/**
 * The scalar fields that were asked and can be looked for. One that the route does not know is looked for by its own name
 * anywhere in the record: a write of which such a field is lost did not arrive as it was asked. Null asks for nothing on
 * the gateway endpoint.
 */
function checkedFields({ body }: RouteModel, { fields }: VerifyRule, asked: Buffer, dialect: Dialect): CheckedField[] {
  if (!body) return [];
  return askedFields(body, dialect, asked).flatMap(({ name, isKnown, value }): CheckedField[] => {
    const text = scalarSource(value);
    if (text === undefined) return [];
    if (!isKnown) {
      const shown = PLAIN_NAME.test(name) ? name : UNKNOWN_FIELD;
      return [{ name: shown, valuesIn: (record) => valuesNamed(record, name), text }];
    }
    const place = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return place === undefined ? [] : [{ name, valuesIn: (record) => query(record, place), text }];
  });
}

/** What is counted is shown: a name that may hold a person's data is not kept. */
const PLAIN_NAME = /^[a-z][a-z_]{0,40}$/i;
const UNKNOWN_FIELD = 'a field that the route does not know';

/** Anywhere in the record. An arbitrary name has no place in a JSONPath: not every text is one there. */
function valuesNamed(record: PlainJson, name: string): PlainJson[] {
  if (typeof record !== 'object' || record === null) return [];
  const below = Object.values(record).flatMap((value) => valuesNamed(value, name));
  return isRecord(record) && Object.hasOwn(record, name) ? [record[name] as PlainJson, ...below] : below;
}

const isRecord = (value: PlainJson): value is { [name: string]: PlainJson } => !Array.isArray(value);

function scalarSource(node: JsonNode): string | undefined {
  if (node.kind === 'string') return node.text;
  return node.kind === 'number' || node.kind === 'boolean' ? node.source : undefined;
}

function documentIn(route: RouteModel, read: PathAnswer, longest: number): PlainJson | undefined {
  const { status, decoded, contentType } = understood(route, { ...read, path: 'direct' }, longest);
  const isRead = read.isComplete && read.failure === undefined && status === 200 && decoded.kind === 'ok';
  return isRead ? readPlainJson(decoded.body, contentType) : undefined;
}

/** Is the value in one of the places? 5 and "5" are one: both sides write ids either way. */
function arrived(record: PlainJson, { valuesIn, text }: CheckedField): boolean {
  const wanted = canonical(text);
  return valuesIn(record).some((found) => isScalar(found) && canonical(String(found)) === wanted);
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const canonical = (text: string): string => Decimal.of(text.trim()).text;
