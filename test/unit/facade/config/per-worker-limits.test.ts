import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import { splitLimits } from '../../../../src/facade/config/per-worker-limits.ts';
import type { FacadeConfig } from '../../../../src/facade/config/schema.ts';

const env = { C2S_BASE_URL: 'https://c2s.example', C2S_GATEWAY_URL: 'https://gateway.example' };
const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), env);
if (!parsed.ok) throw new Error('the shipped table is refused');
const shipped = parsed.config;

const withBudget = (requests: number, burst: number): FacadeConfig => ({
  ...shipped,
  upstreams: {
    ...shipped.upstreams,
    direct: { ...shipped.upstreams.direct, rateBudget: { requests, period: 10_000, burst, longestWait: 2_000 } },
  },
});

test('of one process everything is as it is written', () => {
  expect(splitLimits(shipped, 1)).toBe(shipped);
});

test('the parts of all together are never more than the whole, where there is one for each', () => {
  for (const workers of [2, 3, 4, 7]) {
    const part = splitLimits(shipped, workers);
    for (const limit of [
      (config: FacadeConfig) => config.server.overload.maxConnections,
      (config: FacadeConfig) => config.server.overload.maxInflight,
      (config: FacadeConfig) => config.upstreams.direct.maxInflight,
      (config: FacadeConfig) => config.upstreams.gateway.maxInflight,
      (config: FacadeConfig) => config.compare.maxInflight,
      (config: FacadeConfig) => config.compare.maxQueue,
    ]) {
      expect(limit(part) * workers).toBeLessThanOrEqual(Math.max(limit(shipped), workers));
      expect(limit(part)).toBeGreaterThan(0);
    }
    expect(part.failover.minPerSecond * workers).toBeCloseTo(shipped.failover.minPerSecond);
  }
});

describe.each([
  [120, 20, 4],
  [10, 5, 4],
  [3, 0, 4],
  [1, 1, 8],
  [7, 3, 2],
])('a budget of %d requests and a burst of %d over %d workers', (requests, burst, workers) => {
  const rate = ({ upstreams: { direct } }: FacadeConfig) =>
    (direct.rateBudget?.requests ?? 0) / (direct.rateBudget?.period ?? NaN);
  const [whole, part] = [withBudget(requests, burst), splitLimits(withBudget(requests, burst), workers)];

  test('is spent neither faster nor, but for a thousandth, slower', () => {
    expect(rate(part) * workers).toBeLessThanOrEqual(rate(whole));
    expect(rate(part) * workers).toBeGreaterThan(rate(whole) * 0.999);
    expect((part.upstreams.direct.rateBudget?.burst ?? 0) * workers).toBeLessThanOrEqual(burst);
  });

  test('is whole requests over whole milliseconds', () => {
    const { requests = 0, period = 0 } = part.upstreams.direct.rateBudget ?? {};
    expect([Number.isInteger(requests), requests >= 1, Number.isInteger(period)]).toEqual([true, true, true]);
  });
});
