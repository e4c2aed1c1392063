import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Agent } from 'undici';
import { beforeAll, describe, expect, test } from 'vitest';
import { startFacade } from '../kit/facade.ts';
import { inBatches } from '../kit/load.ts';
import { until } from '../kit/upstream.ts';
import { receivedBy, runCell, type Cell, type Dialect, type World } from './cell.ts';
import { FAULTS, type Fault } from './faults.ts';
import { differences, sentTooOften } from './judge.ts';
import { census, growth, poolsOf, requestsInMemory, untilIdle } from './leaks.ts';
import { seriesOf } from './ledger.ts';
import { words, type Entry } from './page.ts';
import { SITUATIONS, tableFor, type Situation } from './situations.ts';

/**
 * Ways in which an upstream misbehaves × every situation of a request: what the caller saw, how often the request was
 * received, what the metrics and the breaker say of it, and that nothing is left behind.
 */

/** One fault, and what was measured under it. */
export interface Row {
  readonly fault: string;
  readonly entries: readonly Entry[];
}

const warnings: string[] = [];
// Of listeners that grow in number, for one.
process.on('warning', ({ message }) => warnings.push(message));

interface Measured {
  readonly entries: Entry[];
  /** Where it is not as expected. */
  readonly found: string[];
  /** Writes that were received more often than they may be. */
  readonly resent: string[];
}

/** The facade with a fault on these sides, and all situations in which exactly they are broken. */
async function run(fault: Fault, isDirectBroken: boolean, patience = 1): Promise<Measured> {
  const [control] = FAULTS as [Fault];
  const served = SITUATIONS.filter(({ broken }) => broken.includes('direct') === isDirectBroken);
  const sides = { direct: await (isDirectBroken ? fault : control).start(), gateway: await fault.start() };
  const edit = tableFor(fault, served, patience);
  const facade = await startFacade({ direct: sides.direct.url, gateway: sides.gateway.url, edit });
  const world: World = { facade, sides, caller: new Agent() };
  try {
    const cells = await inBatches(served.length, fault.onKept ? 1 : served.length, (i) =>
      runCell(world, fault, served[i] as Situation),
    );
    await untilIdle(facade);
    const metrics = await facade.metricsText();
    const entries = cells.map((cell) => ({ cell, text: textOf(cell, world) }));
    const found = cells.flatMap((cell) => differences(fault, cell, world, metrics));
    for (const { labels, value } of seriesOf(metrics, 'facade_inflight')) {
      if (value !== 0) found.push(`facade_inflight of ${labels.upstream} is ${value}`);
    }
    return { entries, found, resent: cells.flatMap((cell) => sentTooOften(fault, cell, world)) };
  } finally {
    await world.caller.destroy();
    const pools = poolsOf(facade);
    await facade.stop();
    await until(() => pools().every(({ connected }) => connected === 0), 'the pools are empty');
    await Promise.all(Object.values(sides).map((side) => side.close()));
  }
}

/** Milliseconds that the process may stand still before short deadlines measure just that. */
const LONGEST_PAUSE = 100;

/** Anew with more patience, where this machine was too busy for short deadlines to mean anything. */
async function measure(fault: Fault, patience = 1): Promise<Measured> {
  const pauses = monitorEventLoopDelay({ resolution: 10 });
  pauses.enable();
  const both = await Promise.all([run(fault, true, patience), run(fault, false, patience)]);
  pauses.disable();
  const [entries, found, resent] = [
    both.flatMap((one) => one.entries),
    both.flatMap((one) => one.found),
    both.flatMap((one) => one.resent),
  ];
  const saysNothing = fault.isSlow && found.length > 0 && pauses.max > LONGEST_PAUSE * 1e6;
  // No pause excuses a write that was sent twice.
  if (saysNothing && resent.length === 0 && patience < 4) return measure(fault, patience * 2);
  return { entries, found, resent };
}

/** The end of a request, or of each where one is not the same as the next. */
function textOf(cell: Cell, world: World): string {
  const texts = (dialect: Dialect): string =>
    cell.shots[dialect].map((seen) => words(seen, receivedBy(world, cell.situation, seen.id), cell)).join(', then ');
  const [direct, gateway] = [texts('direct'), texts('gateway')];
  return gateway === '' || gateway === direct ? direct : `${direct}; in the gateway's dialect ${gateway}`;
}

/** Registers a test for each fault. @returns the rows, which are there once those tests have passed. */
export function testFaults(faults: readonly Fault[]): readonly Row[] {
  const rows: Row[] = [];
  /** What the first facade of a process makes, all that follow use. */
  beforeAll(async () => void (await run(FAULTS[0] as Fault, true)));

  describe('under every fault the promises hold, and nothing is left behind', () => {
    test.each(faults)('$name', { timeout: 60_000 }, async (fault) => {
      const before = census();
      const { entries, found, resent } = await measure(fault);
      rows.push({ fault: fault.name, entries });
      expect(resent).toEqual([]);
      expect(found).toEqual([]);
      await until(() => growth(before).length === 0, 'nothing is left behind').catch(() => undefined);
      expect(growth(before)).toEqual([]);
      expect(warnings).toEqual([]);
    });

    test('no request of all these is kept in memory', async () => {
      await until(() => requestsInMemory().kept === 0, 'all are collected').catch(() => undefined);
      const { all, kept } = requestsInMemory();
      expect(all).toBeGreaterThan(faults.length * 100);
      expect(kept).toBe(0);
    });
  });
  return rows;
}
