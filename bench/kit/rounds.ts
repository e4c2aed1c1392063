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
  /** Milliseconds of load on every subject before the first round: JIT compilers need some ten thousand requests. */
  readonly warmMs: number;
}

/** Shares the budget out. What processes take to start is not part of it. */
export function planFor(subjects: number, budgetSeconds: number, rounds: number): Plan {
  const turn = (budgetSeconds * 1_000) / (Math.max(subjects, 1) * (rounds + 1.5));
  return {
    rounds,
    settleMs: Math.round(turn * 0.15),
    measureMs: Math.round(Math.min(turn * 0.85, 5_000)),
    warmMs: Math.round(turn * 1.5),
  };
}

export interface Measured {
  readonly subject: Subject;
  readonly rounds: readonly LoadResult[];
}

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
  const common = { connections: CONNECTIONS, mostRequests: Number.MAX_SAFE_INTEGER };
  for (const { subject, port, pids } of measured) {
    tell(`warming ${subject.name}`);
    await load.run({ ...common, port, pids, warmMs: 0, measureMs: plan.warmMs });
  }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { subject, port, pids, rounds } of measured) {
      tell(`round ${round} of ${plan.rounds}: ${subject.name}`);
      rounds.push(await load.run({ ...common, port, pids, warmMs: plan.settleMs, measureMs: plan.measureMs }));
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

export const errorsOf = ({ rounds }: Measured) => rounds.reduce((sum, round) => sum + round.errors, 0);
