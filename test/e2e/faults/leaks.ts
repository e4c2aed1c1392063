import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Exchange } from '../../../src/facade/forward/exchange.ts';
import type { TestFacade } from '../kit/facade.ts';
import { until } from '../kit/upstream.ts';

/** What a process holds on to: sockets, servers, timers (also those that do not keep it alive) and listeners. */

export type Census = Readonly<Record<string, number>>;

const living = new Map<number, string>();
const COUNTED = new Set(['Timeout', 'TCPWRAP', 'TCPSERVERWRAP', 'GETADDRINFOREQWRAP', 'TCPCONNECTWRAP']);
createHook({
  init: (id, type) => void (COUNTED.has(type) && living.set(id, type)),
  destroy: (id) => void living.delete(id),
  // None of what is counted is one, and to follow them all costs more than the requests.
  trackPromises: false,
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

const exchanges: WeakRef<Exchange>[] = [];
const begin = Object.getOwnPropertyDescriptor(Exchange.prototype, 'begin')?.value as (this: Exchange) => void;
Exchange.prototype.begin = function (this: Exchange): void {
  exchanges.push(new WeakRef(this));
  begin.call(this);
};

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Requests of routes so far, and how many of them are still in memory: with each its attempts, body and connection. */
export function requestsInMemory(): { all: number; kept: number } {
  collectGarbage();
  return { all: exchanges.length, kept: exchanges.filter((one) => one.deref() !== undefined).length };
}

/** The pools of a facade, by name: connections, and what runs or waits on them. */
export function poolsOf({ dataPlane }: TestFacade): () => Record<string, unknown>[] {
  const upstreams = Object.values(dataPlane.snapshot.upstreams).filter((upstream) => upstream !== undefined);
  return () => upstreams.map(({ path, inflight, pool }) => ({ path, inflight, ...pool.stats }));
}

/** Waits until nothing is under way: no place of a bulkhead taken, nothing queued or running in a pool. */
export async function untilIdle(facade: TestFacade): Promise<void> {
  const pools = poolsOf(facade);
  const isIdle = (): boolean =>
    facade.dataPlane.underWay === 0 && pools().every(({ inflight, size }) => inflight === 0 && size === 0);
  await until(isIdle, 'nothing is under way').catch((error: unknown) => {
    throw new Error(`${facade.dataPlane.underWay} under way, ${JSON.stringify(pools())}`, { cause: error });
  });
}
