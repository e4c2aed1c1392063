import { query } from 'jsonpath-rfc9535';
import { askedFields } from '../dialect/body.ts';
import type { JsonNode } from '../dialect/json.ts';
import type { Dialect, RouteModel } from '../rollout/route.ts';
import type { SealedField } from '../store/unknown-write.ts';
import type { PathAnswer } from './comparison.ts';
import { Decimal } from './decimal.ts';
import { readPlainJson, type PlainJson } from './json-value.ts';
import { likenessOf } from './likeness.ts';
import { saysMore } from './paged.ts';
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
  /** Why what is missing may be there all the same: such a write must not be sent a second time. */
  readonly doubt?: Doubt | undefined;
}

type Doubt =
  /** The record holds a text that is the asked one but for blanks, escapes, tags, emoji, or its end. */
  | 'in_another_form'
  /** The list in which it would stand is not in the record, is shown in part, or its entries do not have that member. */
  | 'not_shown';

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
  const named = fields.some(({ anywhere }) => anywhere !== undefined) ? valuesByName(document, seal) : NONE_NAMED;
  const sought = fields.map((field): Sought => {
    const { name, anywhere } = field;
    const place = anywhere === undefined ? (places[name] as string) : undefined;
    const found = place === undefined ? (named.get(anywhere ?? '') ?? []) : query(document, place);
    return { field, place, texts: found.filter(isScalar).map(String) };
  });
  const missing = sought.filter(({ field, texts }) => !texts.some((text) => seal(canonical(text)) === field.value));
  return {
    result: missing.length === 0 ? 'arrived' : 'not_arrived',
    missing: missing.map(({ field }) => field.name),
    why: undefined,
    doubt: missing.map((one) => doubtOf(one, document, seal)).find((doubt) => doubt !== undefined),
  };
}

/** A field, and what the record has in its place. */
interface Sought {
  readonly field: SealedField;
  /** JSONPath; undefined: anywhere, by its name. */
  readonly place: string | undefined;
  readonly texts: readonly string[];
}

function doubtOf({ field, place, texts }: Sought, document: PlainJson, seal: Seal): Doubt | undefined {
  if (texts.some((text) => seal(likenessOf(text)) === field.like)) return 'in_another_form';
  if (place === undefined) return undefined;
  if (texts.length === 0 && !isEmptyList(document, place)) return 'not_shown';
  return isShownInPart(document, place) ? 'not_shown' : undefined;
}

const EACH = '[*]';

/** Is the list of this place there, and empty? A place outside of a list holds one value, which a second write replaces. */
function isEmptyList(document: PlainJson, place: string): boolean {
  const end = place.lastIndexOf(EACH);
  if (end < 0) return true;
  const lists = query(document, place.slice(0, end));
  return lists.length > 0 && lists.every((list) => Array.isArray(list) && list.length === 0);
}

/** Does `{data: [the list], links}` say that there is more than it shows? */
function isShownInPart(document: PlainJson, place: string): boolean {
  const end = place.lastIndexOf(EACH);
  const list = place.slice(0, Math.max(0, end));
  return list.endsWith(DATA) && query(document, list.slice(0, -DATA.length)).some(saysMore);
}

const DATA = '.data';

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
  const all = askedFields(body, dialect, asked);
  if (all.length > MAX_FIELDS) return [];
  return all.flatMap(({ name, isKnown, value }): SealedField[] => {
    const text = scalarSource(value);
    if (text === undefined) return [];
    const sealed = {
      value: seal(canonical(text)),
      ...(value.kind === 'string' && { like: seal(likenessOf(text)) }),
    };
    if (isKnown) return Object.hasOwn(verify.fields, name) ? [{ name, ...sealed }] : [];
    const shown = PLAIN_NAME.test(name) ? name : UNKNOWN_FIELD;
    return [{ name: shown, anywhere: seal(name), ...sealed }];
  });
}

/**
 * A longer body is not looked for: each field is hashed while its caller waits, kept, and searched for. No row of the table
 * has a fourth of it.
 */
export const MAX_FIELDS = 100;

/** What is counted is shown: a name that may hold a person's data is not kept. */
const PLAIN_NAME = /^[a-z][a-z_]{0,40}$/i;
const UNKNOWN_FIELD = 'a field that the route does not know';

/**
 * Every value of the record by its name, wherever it stands: an arbitrary name has no place in a JSONPath, since not every text
 * is one there. Each name is sealed once.
 */
function valuesByName(record: PlainJson, seal: Seal): ReadonlyMap<string, readonly PlainJson[]> {
  const byName = new Map<string, PlainJson[]>();
  const collect = (value: PlainJson): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!isRecord(value)) return value.forEach(collect);
    for (const [name, inner] of Object.entries(value)) {
      const found = byName.get(name);
      if (found) found.push(inner);
      else byName.set(name, [inner]);
      collect(inner);
    }
  };
  collect(record);
  return new Map([...byName].map(([name, values]) => [seal(name), values]));
}
const NONE_NAMED: ReadonlyMap<string, readonly PlainJson[]> = new Map();

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

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** 5 and "5" are one: both sides write ids either way. */
const canonical = (text: string): string => Decimal.of(text.trim()).text;
