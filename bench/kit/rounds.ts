import { CONNECTIONS } from './exchange.ts';
import type { LoadGenerator, LoadResult } from './load.ts';
import { median } from './stats.ts';
import type { Running, Subject } from './subjects.ts';

/**
 * Subjects take turns (A B C, A B C, …) instead of one after the other: a shared machine drifts, and so the drift hits
 * all alike. Every round is compared with the floor of the same round; what is reported is the median over the rounds.
 */

export interface Plan {
  readonly rounds: number;
  /** Milliseconds of load at the beginning of every turn that do not count. */
  readonly settleMs: number;
  /** Milliseconds that count. */
  readonly measureMs: number;
  /** Milliseconds of load on every subject before the first round, at most. */
  readonly warmMs: number;
}

/**
 * Requests after which a subject counts as warm. Measured: until some 40,000 the cost of every Node proxy falls, by a
 * third to a half, while V8 optimises; from there on it stays. Too short a warm-up flatters nobody equally.
 */
const WARM_REQUESTS = 60_000;
const WARM_SHARE = 0.45;

/** Shares the budget out. What processes take to start is not part of it. */
export function planFor(subjects: number, budgetSeconds: number, rounds: number): Plan {
  const each = (budgetSeconds * 1_000) / Math.max(subjects, 1);
  const turn = (each * (1 - WARM_SHARE)) / rounds;
  return {
    rounds,
    settleMs: Math.round(turn * 0.1),
    measureMs: Math.round(Math.min(turn * 0.9, 3_000)),
    warmMs: Math.round(each * WARM_SHARE),
  };
}

export interface Measured {
  readonly subject: Subject;
  readonly rounds: readonly LoadResult[];
}

const turn = (measureMs: number, warmMs = 0) => ({
  connections: CONNECTIONS,
  mostRequests: Number.MAX_SAFE_INTEGER,
  warmMs,
  measureMs,
});

export async function measure(
  load: LoadGenerator,
  running: ReadonlyMap<Subject, Running>,
  plan: Plan,
  tell: (progress: string) => void,
): Promise<Measured[]> {
  const measured = [...running].map(([subject, { port, pids }]) => ({
    subject,
    port,
    pids,
    rounds: [] as LoadResult[],
  }));
  for (const { subject, port, pids } of measured) {
    tell(`warming ${subject.name}`);
    await load.run({ ...turn(plan.warmMs), port, pids, mostRequests: WARM_REQUESTS });
  }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { subject, port, pids, rounds } of measured) {
      tell(`round ${round} of ${plan.rounds}: ${subject.name}`);
      rounds.push(await load.run({ ...turn(plan.measureMs, plan.settleMs), port, pids }));
    }
  }
  return measured;
}

export type Figure = 'perSecond' | 'p50' | 'p99' | 'cpuMicros';

/** The median of a figure over the rounds. */
export const typical = ({ rounds }: Measured, figure: Figure) => median(rounds.map((round) => round[figure]));

/** How many times the CPU of `base` this subject costs a request: the median of the ratios within each round. */
export function costRatio(subject: Measured, base: Measured): number {
  return median(subject.rounds.map((round, i) => round.cpuMicros / (base.rounds[i]?.cpuMicros ?? Number.NaN)));
}

/** Share of its core that the subject got; well below 1 either the load generator or a neighbour on the machine was the limit. */
export const coreShare = ({ rounds }: Measured) =>
  median(rounds.map((round) => (round.cpuMicros * round.perSecond) / 1_000_000));

export const errorsOf = ({ rounds }: Measured) => rounds.reduce((sum, round) => sum + round.errors, 0);
