import { isLosslessNumber, LosslessNumber } from 'lossless-json';
import { z } from 'zod';

/**
 * The kinds of field that bodies are made of. They accept what pydantic's lax mode accepted of the Python
 * gateway's callers (`5` for a text, `"3"` for a number, `"yes"` for a flag), because those callers exist, and
 * refuse what it silently changed (`1.9` → 1, true → "True", 1e400 → Infinity).
 *
 * Bodies arrive parsed by lossless-json: a number is its spelling until a schema looks at it.
 */

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'on', 't', 'true', 'y', 'yes'].map((word) => [word, true] as const),
  ...['0', 'off', 'f', 'false', 'n', 'no'].map((word) => [word, false] as const),
]);
const NUMBER = /^\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/;

/** The number that a value spells, or the value itself: what a number schema is to judge. */
export function readNumber(value: unknown): unknown {
  if (isLosslessNumber(value)) return Number(value.value);
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
}

/** The same number as JSON would spell it, digits as sent: `"+3"` → `3`, `1.50` → `1.50`. */
export function spellNumber(value: unknown): unknown {
  return typeof value === 'string' && NUMBER.test(value)
    ? new LosslessNumber(
        value
          .trim()
          .replace(/^\+/, '')
          .replace(/^(-?)0+(?=\d)/, '$1'),
      )
    : value;
}

function readFlag(value: unknown): unknown {
  const word = isLosslessNumber(value) ? value.value : value;
  return typeof word === 'string' ? (WORDS.get(word.toLowerCase()) ?? value) : word;
}

const readText = (value: unknown): unknown => (isLosslessNumber(value) ? value.value : value);

/** Half a surrogate pair cannot be sent as UTF-8; the Python gateway wrote it and then failed on the answer. */
const wellFormed = (value: string): boolean => value.isWellFormed();

/** Text. A number is taken as the text of its digits. */
export const text = () => z.preprocess(readText, z.string().refine(wellFormed, { params: { type: 'string_unicode' } }));
/** Any finite number above `above`. Its digits reach Contact2Sale as they were spelled. */
export const numberAbove = (above: number) => z.preprocess(readNumber, z.number().gt(above));
/** Message by which an issue says that a whole number was wanted: zod's own tells only of a number. */
export const WHOLE_NUMBER = 'whole number';
/** A whole number in a range. */
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(readNumber, z.int(WHOLE_NUMBER).min(min).max(max));
export const flag = () => z.preprocess(readFlag, z.boolean());
