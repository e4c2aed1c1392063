/**
 * "Did you mean …?": the known word nearest to a misspelt one, by Damerau–Levenshtein distance (optimal string
 * alignment), because swapped neighbours are the commonest slip of a typing hand.
 */

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The nearest of `known`, or undefined when none is near: one slip in three letters, case aside. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // A key of a hundred letters is no slip, and the distance costs the product of both lengths.
  if (word.length > 64) return undefined;
  let found: string | undefined;
  let limit = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const apart = distance(word.toLowerCase(), candidate.toLowerCase());
    if (apart < limit) {
      limit = apart;
      found = candidate;
    }
  }
  return found;
}
