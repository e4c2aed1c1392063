import { receivedBy, type Cell, type Seen, type World } from './cell.ts';
import { expected, inTurn, opensBreaker, possible, type Answer } from './expected.ts';
import type { Fate } from './fate.ts';
import { fatesOf, type Fault } from './faults.ts';
import { contradictions, seenIn } from './ledger.ts';

/** Where a cell is not what the design promises, in sentences; none: it is. */

export function differences(fault: Fault, cell: Cell, world: World, metrics: string): string[] {
  const { situation } = cell;
  const { route, method } = situation;
  const received = (seen: Seen): Answer['received'] => receivedBy(world, situation, seen.id);
  const text = (seen: Seen): string => inWords({ ...seen, received: received(seen) });
  const found: string[] = [];
  for (const dialect of ['direct', 'gateway'] as const) {
    const next = inTurn(fault, situation);
    for (const seen of cell.shots[dialect]) {
      const want = inWords(expected(situation, next));
      if (text(seen) !== want) found.push(`${dialect} dialect: ${text(seen)}; expected ${want}`);
    }
  }
  const asBefore = new Set(possible(fault, situation).map(inWords));
  const strange = cell.burst.map(text).filter((one) => !asBefore.has(one));
  if (strange.length > 0)
    found.push(`${strange.length} of the burst: ${strange[0]}; expected ${[...asBefore].join(' or ')}`);
  found.push(...ofTheBreaker(fault, cell, text));
  found.push(...contradictions(metrics, cell, totals(fault, cell, received)));
  return found.map((one) => `${route} ${method}: ${one}`);
}

function ofTheBreaker(fault: Fault, { situation, breaker, after }: Cell, text: (seen: Seen) => string): string[] {
  if (!after) return [];
  const isOpen = opensBreaker(fault, situation);
  const found = breaker === (isOpen ? 'open' : 'closed') ? [] : [`the breaker is ${breaker}`];
  const wanted = new Set(possible(fault, situation, isOpen).map(inWords));
  if (!wanted.has(text(after))) found.push(`after the burst: ${text(after)}; expected ${[...wanted].join(' or ')}`);
  const isRefused = after.outcome === 'facade_breaker_open';
  if (isRefused && !(Number(after.retryAfter) > 0)) found.push(`refused with retry-after ${after.retryAfter}`);
  return found;
}

/**
 * The promise above all others, apart from any model: a write is received once at most, over both sides; one that may be
 * repeated, once by each. Where the gateway says that it passed nothing on, it did not receive it.
 */
export function sentTooOften(fault: Fault, cell: Cell, world: World): string[] {
  const { situation } = cell;
  const { route, method, broken } = situation;
  const most = method === 'POST' ? 1 : 2;
  const isDisowned = ({ reach, received }: Fate): boolean => reach === 'unsent' && received > 0;
  const disowns = broken.includes('gateway') && fatesOf(fault, 'gateway').some(isDisowned);
  return seenIn(cell)
    .map(({ id }) => receivedBy(world, situation, id))
    .filter(({ direct, gateway }) => method !== 'GET' && direct + (disowns ? 0 : gateway) > most)
    .map(({ direct, gateway }) => `${route}: received ${gateway} times by the gateway and ${direct} times by direct`);
}

/** Requests that each side received for a route; nothing where the fault is that nobody reads what was sent. */
function totals(fault: Fault, cell: Cell, received: (seen: Seen) => Answer['received']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const side of ['direct', 'gateway'] as const) {
    const isUnread = fatesOf(fault, side).some((fate) => fate.reach === 'sent' && fate.received === 0);
    if (isUnread && cell.situation.broken.includes(side)) continue;
    counts[side] = seenIn(cell).reduce((total, seen) => total + received(seen)[side], 0);
  }
  return counts;
}

function inWords({ status, path, outcome, isWhole, received }: Answer): string {
  const counts = `received ${received.gateway} gateway + ${received.direct} direct`;
  return [status, path, outcome ?? 'ok', isWhole ? 'whole' : 'cut', counts].join(' ');
}
