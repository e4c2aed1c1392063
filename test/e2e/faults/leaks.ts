import { createHook } from 'node:async_hooks';
import type { TestFacade } from '../kit/facade.ts';
import { until } from '../kit/upstream.ts';

/** What a process holds on to: sockets, servers, timers (also those that do not keep it alive) and listeners. */

export type Census = Readonly<Record<string, number>>;

const living = new Map<number, string>();
const COUNTED = new Set(['Timeout', 'TCPWRAP', 'TCPSERVERWRAP', 'GETADDRINFOREQWRAP', 'TCPCONNECTWRAP']);
createHook({
  init: (id, type) => void (COUNTED.has(type) && living.set(id, type)),
  destroy: (id) => void living.delete(id),
}).enable();

export function census(): Census {
  const counts: Record<string, number> = {};
  const add = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  for (const type of process.getActiveResourcesInfo())
    if (type !== 'Immediate' && type !== 'TickObject') add(`active ${type}`);
  for (const type of living.values()) add(`living ${type}`);
  counts.listeners = process.eventNames().reduce((total, name) => total + process.listenerCount(name), 0);
  return counts;
}

/** What there is more of than there was. */
export function growth(before: Census, now = census()): string[] {
  return Object.entries(now)
    .filter(([what, count]) => count > (before[what] ?? 0))
    .map(([what, count]) => `${what}: ${before[what] ?? 0} → ${count}`);
}

/** Waits until nothing is under way: no place of a bulkhead taken, nothing queued or running in a pool. */
export async function untilIdle({ dataPlane }: TestFacade): Promise<void> {
  const pools = Object.values(dataPlane.generation.upstreams).filter((upstream) => upstream !== undefined);
  const isIdle = (): boolean =>
    dataPlane.underWay === 0 &&
    pools.every(({ inflight, pool: { stats } }) => inflight + stats.queued + stats.running + stats.size === 0);
  await until(isIdle, 'nothing is under way').catch((error: unknown) => {
    const state = pools.map(({ path, inflight, pool }) => ({ path, inflight, ...pool.stats }));
    throw new Error(`${dataPlane.underWay} under way, ${JSON.stringify(state)}`, { cause: error });
  });
}
