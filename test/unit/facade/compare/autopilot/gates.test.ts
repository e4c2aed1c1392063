import { describe, expect, it } from 'vitest';
import type { AutopilotFacts } from '../../../../../src/facade/compare/autopilot/facts.ts';
import { judge, type GateName, type GateState } from '../../../../../src/facade/compare/autopilot/gates.ts';
import type { AutopilotSettings } from '../../../../../src/facade/rollout/route.ts';
import { NONE } from '../../../../../src/facade/compare/autopilot/tally.ts';
import { facts, live, READY, SETTINGS, tally } from './facts.ts';

const WRITE: AutopilotSettings = { ...SETTINGS, gates: { ...SETTINGS.gates, parity: undefined } };
const noShadows = { samples: 0, lowerBound: 0, verdict: 'not enough data' } as const;

const READ = { arrived: 20, notArrived: 0, wanted: 20, missing: [] };
const LOST = { notArrived: 1, missing: ['message'] };

type Row = readonly [
  name: string,
  gate: GateName,
  state: GateState,
  changed: Partial<AutopilotFacts>,
  settings?: AutopilotSettings,
];

const ROWS: readonly Row[] = [
  ['nothing was compared', 'parity', 'waiting', { parity: undefined }],
  ['no shadow yet', 'parity', 'waiting', { parity: { ...READY, ...noShadows } }],
  ['the report is ready and the bound is above the gate', 'parity', 'green', {}],
  [
    'the report is ready, but by a lower gate than ours',
    'parity',
    'waiting',
    { parity: { ...READY, lowerBound: 0.99 } },
  ],
  ['coverage holds the verdict back', 'parity', 'waiting', { parity: { ...READY, verdict: 'not ready' } }],
  ['nobody could still call it good enough', 'parity', 'broken', { parity: { ...READY, mismatches: 40 } }],
  ['one mismatch in a few', 'parity', 'waiting', { parity: { ...READY, ...noShadows, samples: 20, mismatches: 1 } }],
  ['wrong answers at 0 %', 'parity', 'broken', { gateway: 0, parity: { ...READY, mismatches: 40 } }],
  ['a write that is live', 'parity', 'green', { parity: undefined }, WRITE],
  ['a write at 0 %, which a human must begin', 'parity', 'waiting', { gateway: 0, parity: undefined }, WRITE],

  ['nothing is read back', 'readBack', 'green', {}],
  ['enough writes arrived', 'readBack', 'green', { readBacks: READ }],
  ['too few were read back', 'readBack', 'waiting', { readBacks: { ...READ, arrived: 19 } }],
  ['one of many was lost', 'readBack', 'broken', { readBacks: { ...READ, arrived: 9_999, ...LOST } }],
  [
    'one was lost where nothing is live any more',
    'readBack',
    'broken',
    { gateway: 0, readBacks: { ...READ, ...LOST } },
  ],

  ['the breaker is closed', 'breaker', 'green', {}],
  ['the breaker probes', 'breaker', 'waiting', { breaker: 'half-open' }],
  ['the breaker is open', 'breaker', 'broken', { breaker: 'open' }],
  ['the breaker is open where nothing is live', 'breaker', 'waiting', { breaker: 'open', gateway: 0 }],

  ['too few live attempts', 'traffic', 'waiting', { live: live(tally(10_000), tally(199)) }],
  ['just enough', 'traffic', 'green', { live: live(tally(10_000), tally(200)) }],
  ['too few shadows at 0 %', 'traffic', 'waiting', { gateway: 0, parity: { ...READY, samples: 199 } }],
  ['shadows at 0 %, whatever is live', 'traffic', 'green', { gateway: 0, live: live(tally(0), tally(0)) }],
  [
    'live attempts of a write, which has no shadows',
    'traffic',
    'waiting',
    { gateway: 0, live: live(tally(9), tally(9)) },
    WRITE,
  ],

  ['no more failures than direct', 'errorRate', 'green', { live: live(tally(4_000, 40), tally(400, 4)) }],
  ['as many more as are allowed', 'errorRate', 'green', { live: live(tally(4_000), tally(400, 2)) }],
  ['a few more, which proves nothing', 'errorRate', 'waiting', { live: live(tally(4_000), tally(400, 4)) }],
  ['many more', 'errorRate', 'broken', { live: live(tally(4_000), tally(400, 20)) }],
  ['one failure in one', 'errorRate', 'waiting', { live: live(tally(4_000), tally(1, 1)) }],
  ['three failures in three', 'errorRate', 'broken', { live: live(tally(4_000), tally(3, 3)) }],
  ['both paths fail alike', 'errorRate', 'green', { live: live(tally(4_000, 2_000), tally(400, 200)) }],
  ['direct was hardly seen, so it excuses nothing', 'errorRate', 'broken', { live: live(tally(4, 4), tally(400, 20)) }],
  [
    'failures of late, after hours of good ones',
    'errorRate',
    'broken',
    {
      live: live(tally(90_000), tally(90_000, 40), { direct: tally(500), gateway: tally(500, 40) }),
    },
  ],
  ['nothing is live', 'errorRate', 'green', { gateway: 0, live: live(tally(4_000), NONE.gateway) }],

  ['as fast as direct', 'latency', 'green', {}],
  ['twice as slow', 'latency', 'broken', { live: live(tally(4_000, 0, 80), tally(400, 0, 160)) }],
  [
    'slower than allowed, perhaps, within one bucket',
    'latency',
    'waiting',
    { live: live(tally(4_000, 0, 80), tally(400, 0, 130)) },
  ],
  ['twice as slow below the floor', 'latency', 'green', { live: live(tally(4_000, 0, 4), tally(400, 0, 30)) }],
  ['a cold start of a few', 'latency', 'waiting', { live: live(tally(4_000, 0, 80), tally(19, 0, 500)) }],
  [
    'slow of late',
    'latency',
    'broken',
    {
      live: live(tally(9_000), tally(90_000), { direct: tally(500), gateway: tally(500, 0, 500) }),
    },
  ],
  ['direct was never seen', 'latency', 'waiting', { live: live(tally(0), tally(400)) }],
  ['shadows in time', 'latency', 'green', { gateway: 0 }],
  [
    'shadows below the floor',
    'latency',
    'green',
    { gateway: 0, parity: { ...READY, latencyP95: { direct: 2, gateway: 9 } } },
  ],
  ['shadows that nobody timed', 'latency', 'green', { gateway: 0, parity: { ...READY, latencyP95: undefined } }],
  [
    'slow shadows',
    'latency',
    'waiting',
    { gateway: 0, parity: { ...READY, latencyP95: { direct: 80, gateway: 112 } } },
  ],
];

describe('a gate', () => {
  for (const [name, gate, state, changed, settings = SETTINGS] of ROWS) {
    it(`${name}: ${gate} is ${state}`, () => {
      expect(judge(facts(changed), settings)[gate].state).toBe(state);
    });
  }

  it('goes by what direct was when it last served enough, at 100 %', () => {
    const seen = {
      window: { direct: tally(3), gateway: tally(4_000, 0, 160) },
      recent: NONE,
      reference: tally(4_000, 0, 80),
    };
    expect(judge(facts({ gateway: 100, live: seen }), SETTINGS).latency.state).toBe('broken');
    const failing = { ...seen, window: { ...seen.window, gateway: tally(400, 40) }, reference: tally(4_000, 400) };
    expect(judge(facts({ gateway: 100, live: failing }), SETTINGS).errorRate.state).toBe('green');
  });

  it('says its numbers', () => {
    const { errorRate, parity } = judge(facts({ live: live(tally(4_000), tally(400, 20)) }), SETTINGS);
    expect(errorRate.why).toContain('20 of 400 attempts failed on the gateway path (5.00 %)');
    expect(parity.why).toContain('0 of 5000 shadows differ, parity is at least 99.95 %');
  });
});

describe('a gate that the traffic of a quiet route never meets', () => {
  const DAY = 86_400_000;
  /** A comparison a minute. */
  const pace = { spanMs: DAY, windowMs: DAY, most: 16_000 };
  const quiet = { verdict: 'not enough data', samples: 1_440, lowerBound: 0.997 } as const;
  const whyOf = (gate: GateName, changed: Partial<AutopilotFacts>, settings = SETTINGS) =>
    judge(facts({ gateway: 0, parity: { ...READY, ...quiet }, pace, ...changed }), settings)[gate].why;

  it.each<[GateName, Partial<AutopilotFacts>, AutopilotSettings, RegExp]>([
    ['parity', {}, SETTINGS, /; at 60 comparisons an hour .* 197 an hour would do, or a window of 4d$/],
    ['parity', {}, { ...SETTINGS, gates: { ...SETTINGS.gates, parity: 1 } }, /; no number of comparisons proves it/],
    ['traffic', {}, { ...SETTINGS, minRequests: 5_000 }, /; at 60 shadows an hour .* 208 an hour would do/],
    [
      'readBack',
      { readBacks: { ...READ, arrived: 2 } },
      SETTINGS,
      /; at 0\.083 writes read back an hour .* window of 10d$/,
    ],
  ])('%s: says at which pace it would be', (gate, changed, settings, expected) => {
    expect(whyOf(gate, changed, settings)).toMatch(expected);
  });

  it.each<[GateName, Partial<AutopilotFacts>, AutopilotSettings]>([
    ['parity', { pace: { ...pace, windowMs: 7 * DAY } }, SETTINGS],
    ['parity', { pace: undefined }, SETTINGS],
    ['readBack', { readBacks: { ...READ, arrived: 19 } }, SETTINGS],
    // Live attempts are counted since the step began, however long that takes.
    ['traffic', { gateway: 5, live: live(tally(100), tally(5)) }, SETTINGS],
  ])('%s: says nothing of it where it may be met', (gate, changed, settings) => {
    expect(whyOf(gate, changed, settings)).not.toMatch(/an hour/);
  });
});

describe('a gate that waits for evidence of which none comes today', () => {
  const pausedBy = 'compare.perDay is spent';
  const none = { ...READY, samples: 0 };
  const few = { ...READY, verdict: 'not enough data', samples: 10, lowerBound: 0.9 } as const;
  const readBacks = { ...READ, arrived: 2 };
  it.each<[string, GateName, Partial<AutopilotFacts>, boolean]>([
    ['nothing was compared', 'parity', { parity: none }, true],
    ['too little was compared', 'parity', { parity: few }, true],
    ['parity is proved', 'parity', {}, false],
    ['too few shadows', 'traffic', { gateway: 0, parity: few }, true],
    ['too few live attempts', 'traffic', { live: live(tally(100), tally(5)) }, false],
    ['too few read-backs', 'readBack', { readBacks }, true],
    ['enough read-backs', 'readBack', { readBacks: READ }, false],
  ])('%s: %s says why', (_, gate, changed, isSaid) => {
    const { why } = judge(facts({ ...changed, pausedBy }), SETTINGS)[gate];
    expect(why.includes(`; ${pausedBy}`)).toBe(isSaid);
    expect(judge(facts(changed), SETTINGS)[gate].why).not.toContain(pausedBy);
  });
});
