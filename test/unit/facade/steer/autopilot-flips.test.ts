import { describe, expect, it } from 'vitest';
import type { DecisionEvidence } from '../../../../src/facade/compare/autopilot/ports.ts';
import type { FlipRecord, FlipSource } from '../../../../src/facade/rollout/flip.ts';
import { AutopilotFlips } from '../../../../src/facade/steer/autopilot-flips.ts';
import type { FlipRequest } from '../../../../src/facade/steer/request.ts';
import type { FlipListener } from '../../../../src/facade/steer/steering.ts';

const values = (gateway: number, shadow = 10) => ({ gateway, shadow, stickyBy: 'leadId', fallback: 'direct' }) as const;

function record(revision: number, source: FlipSource, gateway: number, shadow = 10): FlipRecord {
  const said = { who: 'ana', identity: 'loopback', why: undefined, at: new Date(0) };
  return { ...said, kind: 'flip', revision, source, route: 'leads.get', from: values(5), to: values(gateway, shadow) };
}

function setUp() {
  const asked: FlipRequest[] = [];
  let tell: FlipListener = () => undefined;
  const flips = new AutopilotFlips({
    flip: async (request) => {
      asked.push(request);
      return { revision: request.dryRun ? 6 : 7, changes: [], diff: 'the diff', guard: [] };
    },
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
  });
  return { flips, asked, tell: (...records: FlipRecord[]) => tell(records) };
}

describe('flips of the autopilot', () => {
  it('are made from the percentage that it decided by, with the evidence, and known at once', async () => {
    const { flips, asked } = setUp();
    const evidence = {} as DecisionEvidence;
    expect(await flips.flip({ route: 'leads.get', from: 5, to: 25, why: 'green', evidence })).toBe('7');
    expect(asked[0]).toMatchObject({
      source: 'autopilot',
      why: 'green',
      evidence,
      changes: [{ route: 'leads.get', from: { gateway: 5 }, set: { gateway: 25 } }],
    });
    expect(flips.last('leads.get')).toEqual({ revision: '7', by: 'autopilot' });
  });

  it('are proposed without being made', async () => {
    const { flips, asked } = setUp();
    expect(await flips.propose('leads.get', 25)).toEqual({
      diff: 'the diff',
      command: "c2s-facade flip leads.get --gateway 25 --why 'proposed by the autopilot'",
    });
    expect(asked[0]?.dryRun).toBe(true);
  });

  it('of others are told apart: the newest counts, and only if it moved traffic', () => {
    const { flips, tell } = setUp();
    tell(record(9, 'console', 50), record(8, 'autopilot', 25));
    expect(flips.last('leads.get')).toEqual({ revision: '9', by: 'human' });
    tell(record(10, 'cli', 5, 50));
    expect(flips.last('leads.get').revision).toBe('9');
    tell(record(11, 'autopilot', 1));
    expect(flips.last('leads.get')).toEqual({ revision: '11', by: 'autopilot' });
  });
});
