/** From values to the places of a plot. */

/** 1, 2 or 5 times a power of ten, as large as the highest value or larger. */
export function niceTop(highest: number): number {
  if (!(highest > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return ([1, 2, 5, 10].find((factor) => factor * power >= highest * 0.999) ?? 10) * power;
}

/** The path of a line; a gap where nothing is known. A lone point is a dot. */
export function pathOf(points: readonly (readonly [number, number] | null)[]): string {
  let isOpen = false;
  return points
    .map((point, i) => {
      if (!point) {
        isOpen = false;
        return '';
      }
      const [x, y] = point.map((part) => part.toFixed(1));
      const command = `${isOpen ? 'L' : 'M'}${x} ${y}`;
      const isLone = !isOpen && !points[i + 1];
      isOpen = true;
      return isLone ? `${command}h0.1` : command;
    })
    .join('');
}
