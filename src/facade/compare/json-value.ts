import { isUtf8 } from 'node:buffer';
import { parse } from 'lossless-json';
import { isTooDeep } from '../dialect/json.ts';
import { Decimal } from './decimal.ts';
import { Instant } from './instant.ts';

/**
 * A JSON document as it is compared: numbers are decimals and not doubles. Read by lossless-json; duplicate keys with
 * different values, more nesting than business data has and bytes that are no UTF-8 make it no JSON, so that it is
 * compared as bytes.
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

/** Undefined when the bytes are no JSON. */
export function readJson(body: Buffer): JsonDocument | undefined {
  const text = textOf(body);
  // A delta is a plain object, in which this member would get lost; no record has one.
  if (text === undefined || text.includes('__proto__')) return undefined;
  try {
    const value = parse(text, undefined, (source) => Decimal.of(source)) as JsonValue;
    return { value, plain: () => JSON.parse(text) as PlainJson };
  } catch {
    return undefined;
  }
}

/** Plain data only: some ten times faster, for where it is known that there is nothing to compare. */
export function readPlainJson(body: Buffer): PlainJson | undefined {
  const text = textOf(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as PlainJson;
  } catch {
    return undefined;
  }
}

function textOf(body: Buffer): string | undefined {
  if (!isUtf8(body)) return undefined;
  const text = body.toString('utf8');
  return isTooDeep(text) ? undefined : text;
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
  if (value instanceof Instant) return `@${value.at}`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] as JsonValue)}`);
  return `{${members.join()}}`;
}
