import { parse } from 'lossless-json';
import { isJsonAnswerType } from '../../http/media.ts';
import { isTooDeep } from '../dialect/json.ts';
import { textOf } from './body-text.ts';
import { Decimal } from './decimal.ts';
import { Instant } from './instant.ts';

/**
 * A JSON document as it is compared: numbers are decimals and not doubles, and nothing stands behind an object, so that
 * a member named `constructor` or `__proto__` is there or is not there like any other. Read by lossless-json; duplicate
 * keys with different values, more nesting than business data has, `NaN`, and bytes that are no text make it no JSON, so
 * that it is compared as bytes.
 */
export type JsonValue = null | boolean | string | Decimal | Instant | JsonList | JsonRecord;
export type JsonList = JsonValue[];
interface JsonRecord {
  [name: string]: JsonValue;
}

/** A document once more as plain data: what JSONPaths are asked of. Numbers are doubles here. */
export type PlainJson = null | boolean | number | string | PlainJson[] | { [name: string]: PlainJson };

export interface JsonDocument {
  readonly value: JsonValue;
  readonly plain: () => PlainJson;
}

/** Undefined when the bytes are no JSON, or the media type says that they are something else. */
export function readJson(body: Buffer, contentType?: string): JsonDocument | undefined {
  const text = jsonTextOf(body, contentType);
  if (text === undefined) return undefined;
  try {
    const value = parse(text, undefined, (source) => Decimal.of(source)) as JsonValue;
    return { value: withoutPrototype(value), plain: () => JSON.parse(text) as PlainJson };
  } catch {
    return undefined;
  }
}

/** Plain data only: some ten times faster, for where it is known that there is nothing to compare. */
export function readPlainJson(body: Buffer, contentType: string | undefined): PlainJson | undefined {
  const text = jsonTextOf(body, contentType);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as PlainJson;
  } catch {
    return undefined;
  }
}

function jsonTextOf(body: Buffer, contentType: string | undefined): string | undefined {
  const text = isJsonAnswerType(contentType) ? textOf(body, contentType) : undefined;
  return text === undefined || isTooDeep(text) ? undefined : text;
}

/** Whoever asks an object of Object.prototype for `toString` is given a function that no document holds. */
function withoutPrototype(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutPrototype);
  if (!isObject(value)) return value;
  const record = Object.create(null) as JsonRecord;
  for (const name of Object.keys(value)) record[name] = withoutPrototype(value[name] as JsonValue);
  return record;
}

export function isObject(value: unknown): value is JsonRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Decimal) &&
    !(value instanceof Instant)
  );
}

/** One text for equal values, whatever the order of their members. */
export function canonicalText(value: JsonValue): string {
  if (value instanceof Decimal) return value.text;
  if (value instanceof Instant) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] as JsonValue)}`);
  return `{${members.join()}}`;
}
