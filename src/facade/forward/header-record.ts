/** Names that the middleware looks up, and so must be able to find. */
const LOOKED_UP = new Set(['connection', 'upgrade', 'host']);

/** Name/value pairs as node:http takes them, in the caller's spelling; a name that comes twice becomes a list. */
export function asRecord(pairs: readonly string[]): Record<string, string | string[]> {
  // Without a prototype: `constructor` is a header name, too.
  const record = Object.create(null) as Record<string, string | string[]>;
  const spellings = new Map<string, string>();
  for (let i = 0; i < pairs.length; i += 2) {
    const sent = pairs[i] as string;
    const name = sent.toLowerCase();
    const value = pairs[i + 1] as string;
    const spelling = spellings.get(name) ?? (LOOKED_UP.has(name) ? name : sent);
    spellings.set(name, spelling);
    const before = record[spelling];
    record[spelling] = before === undefined ? value : [before, value].flat();
  }
  return record;
}
