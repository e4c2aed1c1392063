import { expect, test } from 'vitest';
import { strangersPart } from '../../../src/http/standing.ts';

test.each([
  [10, 0.8, 2],
  [256, 0.8, 51],
  [2_048, 0.8, 409],
  [500, 0.8, 100],
  [10, 0, 10],
  [10, 0.95, 1],
  [4, 0.8, 1],
  [2, 0.8, 1],
  [1, 0.8, 0],
  [1, 0, 1],
  [10, 1, 0],
])('of %d places, with %d kept for known callers, strangers may use %d', (limit, knownShare, part) => {
  expect(strangersPart(limit, knownShare)).toBe(part);
});
