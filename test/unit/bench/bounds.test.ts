import { describe, expect, it } from 'vitest';
import { judge } from '../../../bench/kit/bounds.ts';
import { better, coreShare, costRatio, planFor, type Measured } from '../../../bench/kit/rounds.ts';
import { SUBJECTS } from '../../../bench/kit/subjects.ts';

function measured(name: string, cpu: readonly number[], errors = 0): Measured {
  const subject = SUBJECTS.find((candidate) => candidate.name === name);
  if (!subject) throw new Error(name);
  const rest = { requests: 1, errors, firstError: '', perSecond: 1, p50: 1, p99: 1 };
  return { subject, rounds: cpu.map((cpuMicros) => ({ ...rest, cpuMicros })) };
}

const missed = (all: readonly Measured[]) =>
  judge(all)
    .filter((bound) => !bound.met)
    .map((bound) => bound.text);

const GOOD = [
  measured('floor', [40]),
  measured('facade', [50]),
  measured('facade-1000', [52]),
  measured('httpxy', [90]),
  measured('fastify', [94]),
  measured('http-proxy', [107]),
  measured('express-hpm', [239]),
];
const but = (...changed: Measured[]) => [
  ...GOOD.filter((one) => changed.every((other) => other.subject !== one.subject)),
  ...changed,
];

describe('the bounds of the bench', () => {
  it('are all met by a facade that is cheap enough', () => {
    expect(judge(GOOD)).toHaveLength(8);
    expect(missed(GOOD)).toEqual([]);
  });

  it('name each one that is missed', () => {
    expect(missed(but(measured('floor', [33])))).toEqual([expect.stringContaining('facade ÷ floor')]);
    expect(missed(but(measured('httpxy', [74])))).toEqual([expect.stringContaining('httpxy ÷ facade')]);
    expect(missed(but(measured('express-hpm', [199])))).toEqual([expect.stringContaining('express-hpm ÷ facade')]);
    expect(missed(but(measured('facade-1000', [56])))).toEqual([expect.stringContaining('1,000 routes')]);
  });

  it('say which of them the floor itself cannot meet', () => {
    const all = judge(but(measured('express-hpm', [120])));
    const beyond = all.filter(({ beyondReach }) => beyondReach).map(({ text, met }) => [text, met]);
    expect(beyond).toEqual([[expect.stringContaining('express-hpm'), false]]);
  });

  it('are missed by a single wrong answer of the facade', () => {
    expect(missed(but(measured('facade', [50], 1)))).toEqual([expect.stringContaining('errors of facade')]);
  });

  it('are missed when a ratio cannot be told', () => {
    expect(missed(but(measured('floor', [Number.NaN])))).toEqual([expect.stringContaining('facade ÷ floor')]);
  });

  it('are not judged without the facade', () => {
    expect(judge([measured('floor', [40]), measured('httpxy', [90])])).toEqual([]);
  });
});

describe('rounds', () => {
  it('compare subjects within a round, so that a slow round of the machine cancels out', () => {
    expect(costRatio(measured('facade', [60, 600, 61]), measured('floor', [40, 400, 40]))).toBe(1.5);
  });

  it('tell which share of its core a subject had', () => {
    const [round] = measured('floor', [40]).rounds;
    if (!round) throw new Error('no round');
    expect(coreShare({ ...measured('floor', []), rounds: [{ ...round, perSecond: 20_000 }] })).toBeCloseTo(0.8);
  });

  it('keep of two turns the one with more of its core, and the errors of both', () => {
    const [starved] = measured('facade', [40], 2).rounds;
    const [whole] = measured('facade', [50], 1).rounds;
    if (!starved || !whole) throw new Error('no round');
    expect(better(starved, { ...whole, perSecond: 19_000 })).toMatchObject({ cpuMicros: 50, errors: 3 });
    expect(better({ ...whole, perSecond: 19_000 }, starved)).toMatchObject({ cpuMicros: 50, errors: 3 });
  });

  it('fit into the budget with all that they warm up', () => {
    const { rounds, settleMs, measureMs, warmMs } = planFor(12, 80, 5);
    const total = 12 * (rounds * (settleMs + measureMs) + warmMs);
    expect(total).toBeLessThanOrEqual(81_000);
    expect(total).toBeGreaterThan(78_000);
  });
});
