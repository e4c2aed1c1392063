import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { Asked } from '../../../../src/facade/forward/exchange.ts';
import { sampleOf } from '../../../../src/facade/forward/sampling.ts';
import { SEEN_EVERY, type Tap } from '../../../../src/facade/forward/tap.ts';
import type { Standing } from '../../../../src/http/standing.ts';

const tap = { roomFor: () => 100, roomToSee: () => 100, verifies: () => false } as unknown as Tap;
const match = { route: { model: { rollout: { gateway: 0, shadow: 10_000 }, safety: 'safe' } } };
const req = { headers: {} } as IncomingMessage;

/** How many of so many requests are seen, and how many shadowed. */
function sampled(standing: Standing, reason: 'split' | 'unknown caller') {
  const asked = { match, req, standing } as unknown as Asked;
  const samples = Array.from({ length: 10 * SEEN_EVERY }, () => sampleOf(tap, asked, { path: 'direct', reason }, 0));
  return [samples.filter((one) => one?.isSeen).length, samples.filter((one) => one?.isShadowed).length];
}

test('one request of a known caller in so many is seen, whatever sent it its way', () => {
  expect(sampled('known', 'split')).toEqual([10, 10 * SEEN_EVERY]);
});

test('none of a stranger is: what nobody else asks for would be missing in every comparison', () => {
  expect(sampled('stranger', 'unknown caller')).toEqual([0, 0]);
});
