import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS, bucketOf, bucketOfParam } from '../../../../src/facade/rollout/split.ts';

const isGateway = (value: string, percentage: number) => bucketOf(value) < percentage * 100;

/** What callers stick to: ids of 32 hex digits, numbers that follow one another, and callers' ids. */
const KEYS: Record<string, (i: number) => string> = {
  '32-digit ids': (i) => createHash('md5').update(String(i)).digest('hex'),
  'numbers in a row': (i) => String(i),
  'numbers in a row, far up': (i) => String(9_000_000 + i),
  'ids that differ in the end': (i) => `bf1a88eaa4ab34b01a257536${i.toString(16).padStart(8, '0')}`,
};

describe.each(Object.keys(KEYS))('of 20,000 keys (%s)', (kind) => {
  const keys = Array.from({ length: 20_000 }, (_, i) => KEYS[kind]!(i));

  test.each([1, 5, 10, 25, 50, 75, 99])('the gateway serves %d % within one percent', (percentage) => {
    const share = (keys.filter((key) => isGateway(key, percentage)).length / keys.length) * 100;
    expect(Math.abs(share - percentage)).toBeLessThanOrEqual(1);
  });

  test('0 gives it none, 100 all', () => {
    expect(keys.some((key) => isGateway(key, 0))).toBe(false);
    expect(keys.every((key) => isGateway(key, 100))).toBe(true);
  });
});

const percentage = fc.integer({ min: 0, max: BUCKETS }).map((buckets) => buckets / 100);

test('raising the percentage moves only new values; lowering it moves only the last ones back', () => {
  fc.assert(
    fc.property(fc.string(), percentage, percentage, (key, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(isGateway(key, low) && !isGateway(key, high)).toBe(false);
    }),
  );
});

test('a bucket is a whole number from 0 to 9999, the same every time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      const bucket = bucketOf(key);
      expect(Number.isInteger(bucket) && bucket >= 0 && bucket < 10_000).toBe(true);
      expect(bucketOf(key)).toBe(bucket);
    }),
  );
});

test('the same parameter falls into the same bucket however it is escaped', () => {
  expect(bucketOfParam('%61bc')).toBe(bucketOf('abc'));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'Z', '7', '-', 'é', ' ', '/') }), (value) => {
      const everyByte = [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      expect(bucketOfParam(everyByte)).toBe(bucketOf(value));
      expect(bucketOfParam(encodeURIComponent(value))).toBe(bucketOf(value));
    }),
  );
});

test.each(['%', '%zz', 'a%2', '%ff'])(
  'a parameter that cannot be decoded (%j) has the bucket of its raw text',
  (raw) => {
    expect(bucketOfParam(raw)).toBe(bucketOf(raw));
  },
);

/**
 * Worked out with an implementation of FNV-1a (32 bit) and murmur3's fmix32 in another language, from their papers.
 * During a rolling deploy two versions of the facade serve the same leads: a changed hash would move them.
 */
test.each([
  ['', 8923],
  ['a', 1715],
  ['1', 5071],
  ['42', 6589],
  ['abc', 588],
  ['caller', 4504],
  ['bf1a88eaa4ab34b01a257536563fb42b', 2464],
  ['00000000000000000000000000000000', 4200],
  ['lead-ção', 3825],
])('%j is in bucket %d for ever', (value, bucket) => {
  expect(bucketOf(value)).toBe(bucket);
});
