import { query } from 'jsonpath-rfc9535';
import { askedFields } from '../dialect/body.ts';
import type { JsonNode } from '../dialect/json.ts';
import type { Dialect, RouteModel, VerifyRule } from '../rollout/route.ts';
import type { SealedField } from '../store/unknown-write.ts';
import type { PathAnswer } from './comparison.ts';
import { Decimal } from './decimal.ts';
import { readPlainJson, type PlainJson } from './json-value.ts';
import { understood } from './understood.ts';

/**
 * Did a write arrive as it was asked? Writes cannot be shadowed, so the record is read back through direct afterwards.
 * This finds the gateway that answers 200 and sends Contact2Sale a field under a name that it does not read.
 */

export const VERIFY_RESULTS = ['arrived', 'not_arrived', 'cannot_tell'] as const;
export type VerifyResult = (typeof VERIFY_RESULTS)[number];

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
  return verifyFields(route, checkedFields(route, asked, dialect, AS_IT_IS), read, longest, AS_IT_IS);
}

/** What stands for a text where the text itself is not kept. */
type Seal = (text: string) => string;
const AS_IT_IS: Seal = (text) => text;

/** The same of what {@link checkedFields} kept. @param seal the one that they were made with. */
export function verifyFields(
  route: RouteModel,
  fields: readonly SealedField[],
  read: PathAnswer,
  longest: number,
  seal: Seal,
): Verification {
  if (!route.verify) return cannotTell('no_rule');
  const { fields: places } = route.verify;
  // The table may have changed since the write: what has no place any more must not count as missing.
  const hasPlaces = fields.every(({ name, anywhere }) => anywhere !== undefined || Object.hasOwn(places, name));
  if (fields.length === 0 || !hasPlaces) return cannotTell('nothing_to_check');
  const document = documentIn(route, read, longest);
  if (document === undefined) return cannotTell('not_read');
  const missing = fields.filter((field) => !arrived(document, field, places, seal)).map(({ name }) => name);
  return { result: missing.length === 0 ? 'arrived' : 'not_arrived', missing, why: undefined };
}

export const cannotTell = (why: CannotTell): Verification => ({ result: 'cannot_tell', missing: [], why });

/**
 * The scalar fields that were asked and can be looked for. One that the route does not know is looked for by its own name
 * anywhere in the record: a write of which such a field is lost did not arrive as it was asked. Null asks for nothing on
 * the gateway endpoint.
 */
export function checkedFields(
  { body, verify }: RouteModel,
  asked: Buffer,
  dialect: Dialect,
  seal: Seal,
): readonly SealedField[] {
  if (!body || !verify) return [];
  return askedFields(body, dialect, asked).flatMap(({ name, isKnown, value }): SealedField[] => {
    const text = scalarSource(value);
    if (text === undefined) return [];
    const sealed = seal(canonical(text));
    if (isKnown) return Object.hasOwn(verify.fields, name) ? [{ name, value: sealed }] : [];
    const shown = PLAIN_NAME.test(name) ? name : UNKNOWN_FIELD;
    return [{ name: shown, anywhere: seal(name), value: sealed }];
  });
}

/** What is counted is shown: a name that may hold a person's data is not kept. */
const PLAIN_NAME = /^[a-z][a-z_]{0,40}$/i;
const UNKNOWN_FIELD = 'a field that the route does not know';

/** Anywhere in the record. An arbitrary name has no place in a JSONPath: not every text is one there. */
function valuesNamed(record: PlainJson, sealed: string, seal: Seal): PlainJson[] {
  if (typeof record !== 'object' || record === null) return [];
  const below = Object.values(record).flatMap((value) => valuesNamed(value, sealed, seal));
  const own = isRecord(record) ? Object.keys(record).filter((name) => seal(name) === sealed) : [];
  return [...own.map((name) => (record as { [name: string]: PlainJson })[name] as PlainJson), ...below];
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
function arrived(
  record: PlainJson,
  { name, anywhere, value }: SealedField,
  places: VerifyRule['fields'],
  seal: Seal,
): boolean {
  const found = anywhere === undefined ? query(record, places[name] as string) : valuesNamed(record, anywhere, seal);
  return found.some((one) => isScalar(one) && seal(canonical(String(one))) === value);
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const canonical = (text: string): string => Decimal.of(text.trim()).text;
