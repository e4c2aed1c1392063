import { BREAKER_OPEN, SERVED, type Fate, type Side } from './fate.ts';
import { fatesOf, type Fault } from './faults.ts';
import { sideOf, type Situation } from './situations.ts';

/** What the design promises under a fault (docs/reliability.md says it in words), apart from how the facade does it. */

export interface Answer {
  readonly status: number;
  /** `x-facade-path`. */
  readonly path: string;
  /** `x-facade-outcome`. */
  readonly outcome: string | undefined;
  /** Not cut, and the caller's own. */
  readonly isWhole: boolean;
  readonly received: Readonly<Record<Side, number>>;
}

/** What the next request that a side gets will come to. */
export type Next = (side: Side) => Fate;

export function expected(situation: Situation, next: Next): Answer {
  const { method, fallback, stage } = situation;
  const received = { direct: 0, gateway: 0 };
  let mayHaveArrived = false;
  const ask = (side: Side): Fate => {
    const fate = next(side);
    received[side] += fate.received;
    mayHaveArrived ||= fate.reach === 'sent' || fate.reach === 'refused' || fate.reach === 'relayed';
    return fate;
  };
  let side = sideOf(situation);
  let fate = ask(side);
  // 1. What was never sent goes to direct, writes included; what failed goes there if it may be repeated.
  const mayRepeat = method !== 'POST' && (fate.reach === 'sent' || fate.reach === 'refused');
  if (side === 'gateway' && fallback === 'direct' && (fate.reach === 'unsent' || mayRepeat)) {
    side = 'direct';
    fate = ask(side);
  }
  // 2. Direct has nobody behind it: a read whose connection broke before the answer is asked once more there.
  const hasBroken = fate.reach === 'sent' && fate.status === 502;
  if (side === 'direct' && method === 'GET' && hasBroken) fate = ask(side);
  // 3. A failed write that any side may have received is unknown.
  const hasFailed = fate.reach !== 'served' && fate.reach !== 'begun';
  const isUnknown = method !== 'GET' && mayHaveArrived;
  return {
    status: fate.status,
    path: stage === 'passthrough' ? stage : side,
    outcome: hasFailed ? (isUnknown ? 'unknown' : fate.outcome) : undefined,
    // 4. An answer that breaks off after its beginning is cut, so that it cannot be taken for a whole one.
    isWhole: fate.reach !== 'begun',
    received,
  };
}

/** Fates in turn, as the sides of a situation hand them out. */
export function inTurn(fault: Fault, situation: Situation): Next {
  const asked = { direct: 0, gateway: 0 };
  return (side) => {
    if (!situation.broken.includes(side)) return SERVED;
    const fates = fatesOf(fault, side);
    const nth = asked[side]++;
    return fates[fault.shots ? nth % fates.length : Math.min(nth, fates.length - 1)] as Fate;
  };
}

/** Every answer that may come while others ask, too, and breakers open. @param isOpen that of the side asked first is. */
export function possible(fault: Fault, situation: Situation, isOpen = false): Answer[] {
  const { broken } = situation;
  const first = sideOf(situation);
  const choices = (side: Side, nth: number): readonly Fate[] => {
    if (isOpen && nth === 0 && side === first) return [BREAKER_OPEN];
    const fates = broken.includes(side) ? fatesOf(fault, side) : [SERVED];
    return broken.includes(side) ? [...fates, BREAKER_OPEN] : fates;
  };
  // At most three are asked; each choice of each of them is gone through.
  const most = 4;
  return Array.from({ length: most ** 3 }, (_, n) => {
    let nth = 0;
    return expected(situation, (side) => {
      const fates = choices(side, nth);
      return fates[Math.floor(n / most ** nth++) % fates.length] as Fate;
    });
  });
}

/** Half of the judged attempts failed: an answer below 400 speaks for the side, one of 4xx for nobody. */
export function opensBreaker(fault: Fault, situation: Situation): boolean {
  const fates = fatesOf(fault, sideOf(situation));
  return fates.some(({ reach }) => reach !== 'served' && reach !== 'relayed');
}
