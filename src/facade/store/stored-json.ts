import { MAY_BE_ILL_FORMED, wellFormed } from '../../http/well-formed.ts';

/**
 * JSON that a jsonb column takes: every text in it, keys too, is {@link wellFormed}. A lead is not lost for a character
 * that nobody can read.
 */
export function storedJson(value: unknown): string {
  const text = JSON.stringify(value);
  return MAY_BE_ILL_FORMED.test(text) ? JSON.stringify(value, (_key, part: unknown) => storable(part)) : text;
}

function storable(part: unknown): unknown {
  if (typeof part === 'string') return wellFormed(part);
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [wellFormed(key), value as unknown]));
}
