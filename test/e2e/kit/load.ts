/** Calls `one` for 0..total-1, `width` at a time, and returns what they came to, in order. */
export async function inBatches<T>(total: number, width: number, one: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) results[i] = await one(i);
  };
  await Promise.all(Array.from({ length: Math.min(width, total) }, worker));
  return results;
}

/** How often each value comes. */
export function tally(values: readonly (string | number | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** Remembers what must be closed after a test, and closes it in reverse order. */
export class Opened {
  readonly #open: { readonly close?: () => unknown; readonly stop?: () => unknown }[] = [];

  keep<T extends { readonly close?: () => unknown; readonly stop?: () => unknown }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  readonly closeAll = async (): Promise<void> => {
    for (const one of this.#open.splice(0).reverse()) await (one.stop ?? one.close)?.();
  };
}
