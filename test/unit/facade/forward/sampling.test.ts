import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { InboundRequest } from '../../../../src/facade/forward/exchange.ts';
import { sampleOf } from '../../../../src/facade/forward/sampling.ts';
import { SEEN_EVERY, type ShadowSink } from '../../../../src/facade/forward/shadow-sink.ts';
import type { CallerStanding } from '../../../../src/http/standing.ts';

const sink = { captureBytes: () => 100, sampleBytes: () => 100, wantsWrite: () => false } as unknown as ShadowSink;
const match = { route: { model: { rollout: { gateway: 0, shadow: 10_000 }, safety: 'safe' } } };
const req = { headers: {} } as IncomingMessage;

/** How many of so many requests are seen, and how many shadowed. */
function sampled(standing: CallerStanding, reason: 'split' | 'unknown caller' | 'last writer') {
  const asked = { match, req, standing } as unknown as InboundRequest;
  const samples = Array.from({ length: 10 * SEEN_EVERY }, () => sampleOf(sink, asked, { path: 'direct', reason }, 0));
  return [samples.filter((one) => one?.isSeen).length, samples.filter((one) => one?.isShadowed).length];
}

test('one request of a known caller in so many is seen, whatever sent it its way', () => {
  expect(sampled('known', 'split')).toEqual([10, 10 * SEEN_EVERY]);
});

test('a read that follows its own write is not copied: the other path may not have the write yet', () => {
  expect(sampled('known', 'last writer')).toEqual([10, 0]);
});

test('none of a stranger is: what nobody else asks for would be missing in every comparison', () => {
  expect(sampled('stranger', 'unknown caller')).toEqual([0, 0]);
});
