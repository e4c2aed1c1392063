import { describe, expect, test } from 'vitest';
import { decide, type DecisionFacts } from '../../../../src/facade/rollout/decide.ts';
import type { Path, Rollout } from '../../../../src/facade/rollout/route.ts';

const rollout = (gateway: number): Rollout => ({ gateway, shadow: 0, stickyBy: 0, fallback: 'direct' });

/** A known caller whose lead is given to the gateway: nothing stands in the way. */
const CLEAR: DecisionFacts = {
  rollout: rollout(2_500),
  hasDirectEndpoint: true,
  hasGatewayEndpoint: true,
  gatewayAvailable: true,
  killed: false,
  callerKnown: true,
  method: 'GET',
  paramsSafe: true,
  forced: undefined,
  named: undefined,
  lastWriter: undefined,
  bucket: 2_499,
};

/** What sends a two-faced route direct, the strongest first. Each with the fact that brings it about. */
const OBSTACLES: [reason: string, fact: Partial<DecisionFacts>][] = [
  ['kill switch', { killed: true }],
  ['no gateway configured', { gatewayAvailable: false }],
  ['no gateway endpoint', { hasGatewayEndpoint: false }],
  ['unknown caller', { callerKnown: false }],
  ['HEAD is not known to the gateway', { method: 'HEAD' }],
  ['path parameter unsafe for the gateway', { paramsSafe: false }],
  ['forced by the caller', { forced: 'direct' }],
  ['named caller', { named: 'direct' }],
  ['last writer', { lastWriter: 'direct' }],
  ['split', { bucket: 2_500 }],
];

describe('a route with two endpoints', () => {
  test('goes through the gateway when nothing stands in the way', () => {
    expect(decide(CLEAR)).toEqual({ path: 'gateway', reason: 'split' });
  });

  test.each(OBSTACLES)('goes direct by "%s"', (reason, fact) => {
    expect(decide({ ...CLEAR, ...fact })).toEqual({ path: 'direct', reason });
  });

  test('names the strongest reason when several hold', () => {
    OBSTACLES.forEach(([reason], i) => {
      const facts = OBSTACLES.slice(i).reduce<DecisionFacts>((all, [, fact]) => ({ ...all, ...fact }), CLEAR);
      expect(decide(facts)).toEqual({ path: 'direct', reason });
    });
  });

  test.each([
    [0, 0, 'direct'],
    [1, 0, 'gateway'],
    [1, 1, 'direct'],
    [2_500, 2_499, 'gateway'],
    [2_500, 2_500, 'direct'],
    [10_000, 9_999, 'gateway'],
  ])('that gives the gateway %d buckets sends bucket %d %s', (gateway, bucket, path) => {
    expect(decide({ ...CLEAR, rollout: rollout(gateway), bucket })).toEqual({ path, reason: 'split' });
  });

  test('gives the gateway a caller that is named for it, against the split, but against nothing else', () => {
    const named: DecisionFacts = { ...CLEAR, rollout: rollout(0), bucket: 9_999, named: 'gateway' };
    expect(decide({ ...named, lastWriter: 'direct' })).toEqual({ path: 'gateway', reason: 'named caller' });
    for (const [reason, fact] of OBSTACLES.slice(0, 7)) {
      expect(decide({ ...named, ...fact })).toEqual({ path: 'direct', reason });
    }
  });

  test('is pinned to the gateway against the split, but against nothing else', () => {
    const pinned: DecisionFacts = { ...CLEAR, rollout: rollout(0), bucket: 9_999, lastWriter: 'gateway' };
    expect(decide(pinned)).toEqual({ path: 'gateway', reason: 'last writer' });
    for (const [reason, fact] of OBSTACLES.slice(0, 8)) {
      expect(decide({ ...pinned, ...fact })).toEqual({ path: 'direct', reason });
    }
  });

  test('is forced to the gateway against the split, but against nothing else', () => {
    const forced: DecisionFacts = { ...CLEAR, rollout: rollout(0), bucket: 9_999, forced: 'gateway' };
    expect(decide(forced)).toEqual({ path: 'gateway', reason: 'forced by the caller' });
    for (const [reason, fact] of OBSTACLES.slice(0, 6)) {
      expect(decide({ ...forced, ...fact })).toEqual({ path: 'direct', reason });
    }
  });
});

describe('a route that only the gateway has', () => {
  const only: DecisionFacts = { ...CLEAR, hasDirectEndpoint: false, rollout: rollout(10_000) };

  test('goes to the gateway, in every bucket, forced or not, HEAD too', () => {
    for (const fact of [{}, { bucket: 9_999 }, { forced: 'direct' as const }, { method: 'HEAD' }]) {
      expect(decide({ ...only, ...fact })).toEqual({ path: 'gateway', reason: 'gateway only' });
    }
  });

  const refusals: [reason: string, refusal: string, fact: Partial<DecisionFacts>][] = [
    ['kill switch', 'facade_no_gateway', { killed: true }],
    ['no gateway configured', 'facade_no_gateway', { gatewayAvailable: false }],
    ['unknown caller', 'client_unauthorized', { callerKnown: false }],
    ['gateway only', 'facade_no_gateway', { rollout: rollout(0) }],
    ['path parameter unsafe for the gateway', 'client_bad_request', { paramsSafe: false }],
  ];

  test.each(refusals)('is refused by "%s" as %s, for it has no other path', (reason, refusal, fact) => {
    expect(decide({ ...only, ...fact })).toEqual({ path: undefined, refusal, reason });
  });

  test('is refused for the strongest reason when several hold', () => {
    refusals.forEach(([reason, refusal], i) => {
      const facts = refusals.slice(i).reduce<DecisionFacts>((all, [, , fact]) => ({ ...all, ...fact }), only);
      expect(decide(facts)).toEqual({ path: undefined, refusal, reason });
    });
  });
});

describe('in every combination of facts', () => {
  const both = [true, false];
  const NAMES: [named: Path | undefined, lastWriter: Path | undefined][] = [
    [undefined, undefined],
    [undefined, 'direct'],
    [undefined, 'gateway'],
    ['direct', 'gateway'],
    ['gateway', 'direct'],
  ];
  const ALL: DecisionFacts[] = [rollout(0), rollout(5_000), rollout(10_000)].flatMap((rollout) =>
    both.flatMap((hasDirectEndpoint) =>
      both.flatMap((hasGatewayEndpoint) =>
        both.flatMap((gatewayAvailable) =>
          both.flatMap((killed) =>
            both.flatMap((callerKnown) =>
              ['GET', 'HEAD', 'POST'].flatMap((method) =>
                both.flatMap((paramsSafe) =>
                  ([undefined, 'direct', 'gateway'] as const).flatMap((forced) =>
                    NAMES.flatMap(([named, lastWriter]) =>
                      [0, 4_999, 5_000, 9_999].map((bucket) => ({
                        ...{ rollout, hasDirectEndpoint, hasGatewayEndpoint, gatewayAvailable, killed },
                        ...{ callerKnown, method, paramsSafe, forced, named, lastWriter, bucket },
                      })),
                    ),
                  ),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
  const takesGateway = ALL.filter((facts) => decide(facts).path === 'gateway');

  test('an unknown caller never takes the gateway path, nor anyone while the kill switch is on or no gateway is set', () => {
    expect(ALL).toHaveLength(3 * 2 ** 6 * 3 * 3 * 5 * 4);
    expect(takesGateway.length).toBeGreaterThan(0);
    for (const { callerKnown, killed, gatewayAvailable } of takesGateway) {
      expect([callerKnown, killed, gatewayAvailable]).toEqual([true, false, true]);
    }
  });

  test('a parameter that could escape its place never takes the gateway path', () => {
    expect(takesGateway.every(({ paramsSafe }) => paramsSafe)).toBe(true);
  });

  test('a route with a direct endpoint is always served by one of its paths', () => {
    const refused = ALL.filter((facts) => decide(facts).path === undefined);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ hasDirectEndpoint }) => !hasDirectEndpoint)).toBe(true);
  });
});
