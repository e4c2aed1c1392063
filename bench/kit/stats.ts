/** The few statistics that the benches report. All of them copy before they sort. */

function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Nearest rank: the smallest value that at least `share` (0..1) of all values do not exceed. NaN without values. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) return Number.NaN;
  const rank = Math.ceil(share * ascending.length);
  return ascending[Math.min(Math.max(rank, 1), ascending.length) - 1] ?? Number.NaN;
}

/** The middle value, or the mean of the two middle ones. NaN without values. */
export function median(values: Iterable<number>): number {
  const all = sorted(values);
  const middle = all.length >> 1;
  const upper = all[middle] ?? Number.NaN;
  return all.length % 2 === 1 ? upper : ((all[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Slope of y over x after Theil and Sen: the median of the slopes between all pairs of points. A single garbage
 * collection that falls into one sample of memory bends a least-squares line, but not this one.
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes: number[] = [];
  for (const [i, [x1, y1]] of points.entries()) {
    for (const [x2, y2] of points.slice(i + 1)) {
      if (x2 !== x1) slopes.push((y2 - y1) / (x2 - x1));
    }
  }
  return median(slopes);
}
