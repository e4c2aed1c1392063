import { describe, expect, it } from 'vitest';
import { median, percentile, slope } from '../../../bench/kit/stats.ts';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);

  it('is the smallest value that the share of all values does not exceed', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile(hundred, 0)).toBe(1);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('is not a number without values', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('median', () => {
  it('is the middle value, numbers compared as numbers', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('is the mean of the two middle values of an even count', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('leaves its input in order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is not a number without values', () => {
    expect(median([])).toBeNaN();
  });
});

describe('slope', () => {
  it('finds a straight line', () => {
    expect(slope([[0, 5], [10, 25], [20, 45]])).toBe(2); // prettier-ignore
  });

  it('is not bent by one sample far off', () => {
    const flat = Array.from({ length: 20 }, (_, i): [number, number] => [i, i === 19 ? 1_000 : 50]);
    expect(slope(flat)).toBe(0);
  });
});
