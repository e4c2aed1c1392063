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

/**
 * A Node proxy is slower than the load generator: one that did not fill its core had to share it with a neighbour on the
 * machine, and pays for cold caches. The turn is taken again, within limits, and the one with most of the core counts:
 * chosen by what the machine gave, never by what came out. Native proxies are no measure, they wait for the load.
 */
const WHOLE_CORE = 0.9;
/** Of one turn. */
const MOST_REPEATS = 3;
/** Of all turns together, so that a busy machine cannot make the bench last for ever. */
const REPEAT_SHARE = 0.5;

const coreShareOf = (result: LoadResult) => (result.cpuMicros * result.perSecond) / 1_000_000;

const starved = (subject: Subject, result: LoadResult) => subject.kind !== 'native' && coreShareOf(result) < WHOLE_CORE;

/** The one with more of its core. Errors stay counted, whichever it is. */
export function better(one: LoadResult, other: LoadResult): LoadResult {
  const kept = coreShareOf(other) > coreShareOf(one) ? other : one;
  return { ...kept, errors: one.errors + other.errors, firstError: one.firstError || other.firstError };
}

/** Whether most of the turns had to share their core, so that neither figures nor ratios hold. */
export const wasStarved = (one: Measured) => one.subject.kind !== 'native' && coreShare(one) < WHOLE_CORE;

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
  let repeats = Math.ceil(measured.length * plan.rounds * REPEAT_SHARE);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { subject, port, pids, rounds } of measured) {
      tell(`round ${round} of ${plan.rounds}: ${subject.name}`);
      const order = { ...turn(plan.measureMs, plan.settleMs), port, pids };
      let result = await load.run(order);
      for (let i = 0; i < MOST_REPEATS && starved(subject, result) && repeats > 0; i++, repeats--) {
        result = better(result, await load.run(order));
      }
      rounds.push(result);
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

/** Share of its core that the subject got, in the middle of the rounds. */
export const coreShare = ({ rounds }: Measured) => median(rounds.map(coreShareOf));

export const errorsOf = ({ rounds }: Measured) => rounds.reduce((sum, round) => sum + round.errors, 0);
