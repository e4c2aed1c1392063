import { isSafeNumber } from 'lossless-json';
import type { JsonNode, JsonObject } from './json.ts';
import { untranslatable, type Untranslatable } from './result.ts';

/**
 * What the gateway would alter in any JSON value, wherever it stands: it parses and writes the body anew. Of duplicate
 * keys it keeps the last; fractions and exponents go through a double; a lone surrogate makes it answer 500 for a
 * write that happened; `__proto__` is data to Python and a trap to whatever reads it in JavaScript.
 */

/** The first loss in a body, at the field that holds it, or undefined when the gateway hands on the same values. */
export function lossIn({ members }: JsonObject): Untranslatable | undefined {
  const seen = new Set<string>();
  for (const { key, value } of members) {
    const reason = lossOfKey(key, seen) ?? lossOfValue(value);
    if (reason !== undefined) return untranslatable(reason, key);
    seen.add(key);
  }
  return undefined;
}

function lossOfKey(key: string, seen: ReadonlySet<string>): string | undefined {
  if (seen.has(key)) return 'duplicate key';
  if (key === '__proto__') return 'reserved key';
  return key.isWellFormed() ? undefined : 'lone surrogate';
}

function lossOfValue(node: JsonNode): string | undefined {
  switch (node.kind) {
    case 'string':
      return node.text.isWellFormed() ? undefined : 'lone surrogate';
    case 'number':
      // Safe: its decimal digits are those of the double that it is read into, so 0.1 and 1234567.10 are,
      // 12345678901234567890, 1e400 and 0.1234567890123456789 are not.
      return isSafeNumber(node.source) ? undefined : 'number would be altered';
    case 'array':
      return firstOf(node.items, lossOfValue);
    case 'object':
      return lossIn(node)?.reason;
    case 'boolean':
    case 'null':
      return undefined;
  }
}

function firstOf<T>(list: readonly T[], loss: (item: T) => string | undefined): string | undefined {
  for (const item of list) {
    const found = loss(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
