import { Decimal } from './decimal.ts';
import { Instant, instantIn } from './instant.ts';

/**
 * What of a value may be told: its shape. The values themselves are people's names, phones and messages. Shapes are a
 * closed set, so that differences group.
 */

/** The shape of a value of a document, read by either parser. */
export function shapeOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (typeof value === 'string')
    return value === '' ? 'empty string' : instantIn(value) === undefined ? 'string' : 'timestamp';
  if (value instanceof Instant) return 'timestamp';
  if (value instanceof Decimal) return 'number';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'empty object' : 'object';
  return typeof value; // boolean, number
}

/** The JSON type: what a program must be written for. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string' || value instanceof Instant) return 'string';
  if (value instanceof Decimal) return 'number';
  return Array.isArray(value) ? 'list' : typeof value;
}

const SIZES = [
  [0, '0 items'],
  [1, '1 item'],
  [9, '2-9 items'],
  [24, '10-24 items'],
  [49, '25-49 items'],
  [50, '50 items'],
] as const;

/** The length of a list, in few words: a page of Contact2Sale holds at most 50. */
export function sizeOf(length: number): string {
  return SIZES.find(([most]) => length <= most)?.[1] ?? 'more than 50 items';
}

/** Names of fields are shown; a key that may be somebody's (a phone number, an e-mail, a name in a sentence) is not. */
export function nameOf(key: string): string {
  return /^[A-Za-z_$@][\w.$@-]{0,47}$/.test(key) && !/\d{4}|@.*\./.test(key) ? key : '{key}';
}
