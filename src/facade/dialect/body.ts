import type { BodyField, BodyRule } from '../config/schema.ts';
import type { Dialect } from '../rollout/route.ts';
import { readObject, type JsonNode, type JsonObject } from './json.ts';
import { lossIn } from './loss.ts';
import { ok, untranslatable, type Conversion } from './result.ts';
import { vocabularyOf, type KnownField } from './vocabulary.ts';

/**
 * Bodies between the two endpoints. Towards the gateway the rule is *no silent loss*, in either dialect: the gateway drops
 * fields that it does not know and coerces values (5 → "5", 1.9 → 1, null → nothing) while it answers 200, so whatever it
 * would not hand on to Contact2Sale as the caller meant it is untranslatable and takes the direct path. Towards direct there is
 * nothing to lose: what is not in the rule is sent on as it is, and Contact2Sale judges it.
 */

/** Path parameters by name, percent-decoded. A Map will do. */
interface ParamLookup {
  get(name: string): string | undefined;
}

/**
 * Direct dialect → gateway. Accepts the flat form, and JSON:API where the rule has it; the fields keep their order, the
 * values their bytes.
 */
export function toGateway(rule: BodyRule, body: Buffer, params: ParamLookup): Conversion<Buffer> {
  const read = readObject(body, 'refuse');
  if (read.kind !== 'ok') return read;
  const resource = resourceOf(rule, read.value);
  if (!resource) return untranslatable('not the known kind of resource', 'data');
  const pairs = gatewayPairs(rule, resource.vocabulary, resource.object, params);
  return pairs.kind === 'ok' ? ok(Buffer.from(`{${[...pairs.value.values()].join(',')}}`)) : pairs;
}

/**
 * Gateway dialect on the gateway path: the same bytes, or untranslatable. The caller speaks the gateway's own names, and
 * loses what the gateway does not know as the other dialect's caller would.
 */
export function keptByGateway(rule: BodyRule, body: Buffer, params: ParamLookup): Conversion<Buffer> {
  const read = readObject(body, 'refuse');
  if (read.kind !== 'ok') return read;
  const pairs = gatewayPairs(rule, vocabularyOf(rule).gateway, read.value, params);
  return pairs.kind === 'ok' ? ok(body) : pairs;
}

/**
 * Gateway dialect → direct. Writes the first direct name of each field, the JSON:API form where the rule has it, and
 * the one value of a renamed `list` when the direct endpoint has a word for it; otherwise the whole body stays in the gateway's
 * form, which the direct endpoint of such a route reads too. Echoed path parameters are not added: they only repeat. A null
 * in an optional field means nothing to the gateway, which leaves it out; Contact2Sale would empty the field.
 *
 * An object without the fields that the gateway requires is none of its form, and is the very buffer: Contact2Sale may know
 * it (JSON:API, `{"lead": …}`).
 */
export function toDirect(rule: BodyRule, body: Buffer): Conversion<Buffer> {
  const read = readObject(body, 'skip');
  if (read.kind !== 'ok') return read;
  const names = read.value.members.map(({ key }) => key);
  if (!hasRequired(rule, names)) return ok(body);
  const { written } = vocabularyOf(rule);
  const pairs: string[] = [];
  const origins = new Map<string, string>();
  for (const { key, keySource, value } of read.value.members) {
    if (value.kind === 'null' && rule.fields[key]?.required === false && isOnly(read.value, key)) continue;
    const name = written.get(key);
    const isRenamed = name !== undefined && name !== key;
    const source = isRenamed ? directValue(rule.fields[key], value) : value.source;
    if (source === undefined) return ok(Buffer.from(read.value.source));
    // A caller's own field may have the name that a renamed one takes: two of one name, and no telling which counts.
    const origin = origins.get(name ?? key) ?? key;
    if (origin !== key) return untranslatable('two spellings of a field', key);
    origins.set(name ?? key, key);
    pairs.push(`${name === undefined ? keySource : JSON.stringify(name)}:${source}`);
  }
  const flat = `{${pairs.join(',')}}`;
  const type = rule.jsonApi?.type;
  return ok(Buffer.from(type === undefined ? flat : `{"data":{"type":${JSON.stringify(type)},"attributes":${flat}}}`));
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Would the gateway take a body of this form: a JSON object with every field that it requires? Values, depth and further
 * fields do not matter here.
 */
export function isGatewayForm(rule: BodyRule, body: Buffer): boolean {
  try {
    const read: unknown = JSON.parse(UTF_8.decode(body));
    return typeof read === 'object' && read !== null && !Array.isArray(read) && hasRequired(rule, Object.keys(read));
  } catch {
    return false;
  }
}

const hasRequired = ({ fields }: BodyRule, names: readonly string[]): boolean =>
  Object.entries(fields).every(([name, { required }]) => !required || names.includes(name));

/** Of a key that is said twice the last value counts, null too. */
const isOnly = ({ members }: JsonObject, key: string): boolean =>
  members.filter((member) => member.key === key).length === 1;

/** A field of a body as its caller wrote it. */
export interface AskedField {
  /** On the gateway endpoint; the caller's own name where the rule does not know it. */
  readonly name: string;
  readonly isKnown: boolean;
  readonly value: JsonNode;
}

/** Everything that a body asks for, whether or not the gateway would keep it; without what only repeats the path. Empty for a body that is not read. */
export function askedFields(rule: BodyRule, dialect: Dialect, body: Buffer): readonly AskedField[] {
  const read = readObject(body, 'skip');
  if (read.kind !== 'ok') return [];
  const own = { object: read.value, vocabulary: vocabularyOf(rule).gateway };
  const { object, vocabulary } = (dialect === 'direct' ? resourceOf(rule, read.value) : own) ?? own;
  return object.members.flatMap(({ key, value }): AskedField[] => {
    const known = vocabulary.get(key);
    if (known === undefined && Object.hasOwn(rule.echoes, key)) return [];
    return [{ name: known?.name ?? key, isKnown: known !== undefined, value }];
  });
}

/** The fields of a body with their texts on the gateway endpoint, by their names there; untranslatable when one would be lost. */
function gatewayPairs(
  rule: BodyRule,
  vocabulary: ReadonlyMap<string, KnownField>,
  body: JsonObject,
  params: ParamLookup,
): Conversion<ReadonlyMap<string, string>> {
  const loss = lossIn(body);
  if (loss) return loss;
  const pairs = new Map<string, string>();
  for (const { key, value } of body.members) {
    const known = vocabulary.get(key);
    if (known === undefined) {
      if (!Object.hasOwn(rule.echoes, key)) return untranslatable('unknown field', key);
      if (!echoesParam(value, params.get(rule.echoes[key] ?? '')))
        return untranslatable('disagrees with the path: field', key);
      continue;
    }
    if (pairs.has(known.name)) return untranslatable('two spellings of a field', key);
    const source = gatewayValue(known, value);
    if (source === undefined) return untranslatable('the gateway would alter or refuse the field', key);
    pairs.set(known.name, `${JSON.stringify(known.name)}:${source}`);
  }
  for (const [key, { name, field }] of vocabulary) {
    if (field.required && !pairs.has(name)) return untranslatable('required field missing', key);
  }
  return ok(pairs);
}

/** The value's text on the gateway endpoint, or undefined when the gateway would alter or refuse it. */
function gatewayValue({ field, single }: KnownField, value: JsonNode): string | undefined {
  if (!field.list) return fits(field, value) ? value.source : undefined;
  if (single) return fits(field, value) && hasWord(field, value) ? `[${value.source}]` : undefined;
  return value.kind === 'array' && value.items.every((item) => fits(field, item)) ? value.source : undefined;
}

/** The value's text on the direct endpoint; undefined for a list that the direct endpoint has no single value for. */
function directValue(field: BodyField | undefined, value: JsonNode): string | undefined {
  if (!field?.list) return value.source;
  if (value.kind !== 'array' || value.items.length !== 1) return undefined;
  const [only] = value.items;
  return only && hasWord(field, only) ? only.source : undefined;
}

/** Of the type that the gateway hands on unchanged, and within its bounds. */
function fits(field: BodyField, value: JsonNode): boolean {
  switch (field.type) {
    case 'string':
      // The gateway leaves out optional fields that are empty; required ones it hands on.
      return value.kind === 'string' && (field.required || value.text !== '');
    case 'integer':
      // Written as 1e19, pydantic 2 refuses what is beyond 64 bits.
      return isNumberWithin(field, value) && Number.isSafeInteger(Number(value.source));
    case 'number':
      return isNumberWithin(field, value);
    case 'boolean':
    case 'object':
    case 'array':
      return value.kind === field.type;
  }
}

function isNumberWithin({ min = -Infinity, above = -Infinity }: BodyField, value: JsonNode): boolean {
  if (value.kind !== 'number') return false;
  const number = Number(value.source);
  return number >= min && number > above;
}

function hasWord(field: BodyField, value: JsonNode): boolean {
  if (value.kind !== 'string') return field.values === undefined;
  return field.values?.includes(value.text) ?? true;
}

function echoesParam(value: JsonNode, param: string | undefined): boolean {
  if (value.kind === 'string') return value.text === param;
  return value.kind === 'number' && value.source === param;
}

/** What holds the fields of a body in the direct dialect, and by which names; undefined when it is no known resource. */
function resourceOf(
  rule: BodyRule,
  body: JsonObject,
): { readonly object: JsonObject; readonly vocabulary: ReadonlyMap<string, KnownField> } | undefined {
  const { flat, attributes } = vocabularyOf(rule);
  if (rule.jsonApi === undefined || !isEnveloped(body)) return { object: body, vocabulary: flat };
  const object = attributesOf(body, rule.jsonApi.type);
  return object && { object, vocabulary: attributes };
}

const isEnveloped = (body: JsonObject): boolean => body.members.some(({ key }) => key === 'data');

/** `{data: {type, attributes}}` and nothing else; anything else would get lost on the way. */
function attributesOf(body: JsonObject, type: string): JsonObject | undefined {
  const data = body.members[0]?.value;
  if (body.members.length !== 1 || data?.kind !== 'object' || data.members.length !== 2) return undefined;
  const kind = data.members.find(({ key }) => key === 'type')?.value;
  const attributes = data.members.find(({ key }) => key === 'attributes')?.value;
  if (kind?.kind !== 'string' || kind.text !== type || attributes?.kind !== 'object') return undefined;
  return attributes;
}
