/** Small readers for JSON that others wrote: what is not as expected is absent, and nothing throws. */

export type Loose = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The record, or an empty one. */
export const recordOf = (value: unknown): Loose => (isRecord(value) ? value : {});

/** The records of a list; a single record counts as a list of one, as PHP services write it. */
export function recordsOf(value: unknown): readonly Loose[] {
  if (Array.isArray(value)) return value.filter(isRecord);
  return isRecord(value) ? [value] : [];
}

/** Trimmed text, or a number as text. Undefined when nothing is left. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

/**
 * The id of a record: text, or a whole number above 0. A number beyond 2^53 has lost digits on its way here, and would name
 * another record. Undefined: none that can be trusted.
 */
export const trustedId = (value: unknown): string | undefined =>
  typeof value === 'number' && !(Number.isSafeInteger(value) && value > 0) ? undefined : textOf(value);

/** `known({a: 1, b: undefined})` is `{a: 1}`: absent is how "not known" is written, in memory as in stored JSON. */
export const known = <T extends object>(fields: T): WithoutUndefined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;

type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];
type WithoutUndefined<T> = Omit<T, Optional<T>> & { [K in Optional<T>]?: Exclude<T[K], undefined> };
