import { expect, test } from 'vitest';
import { seededRandom } from '../../../../src/c2s/sandbox/index.ts';

const draw = (seed: number) => Array.from({ length: 10_000 }, seededRandom(seed));

test('the same seed draws the same numbers, another seed others', () => {
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1).slice(0, 5)).not.toEqual(draw(2).slice(0, 5));
});

test('numbers are from 0 to below 1 and spread evenly', () => {
  const numbers = draw(7);
  expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
  for (const tenth of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const share = numbers.filter((n) => Math.floor(n * 10) === tenth).length / numbers.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
  }
});
