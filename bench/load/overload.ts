import { CONNECTIONS } from '../kit/exchange.ts';
import { LoadGenerator } from '../kit/load.ts';
import { OpenLoop, type OpenLoopResult } from '../kit/open-loop.ts';
import { pinned, start } from '../kit/processes.ts';
import { atMost, stage, timed, type Scale, type Scenario, type Stage, type Verdict } from './scenario.ts';

/**
 * Twice of what the facade can do: what is too much is refused early and told when to come back, what is admitted is
 * served in bounded time, and two seconds after the end everybody is served again. Once where the places are the limit
 * (the upstream takes its time), and once where the event loop is.
 */

/** Processes that want the facade's core, too: as in a container with a third of one. Else the generator could not overload it. */
const NEIGHBOURS = 2;
/** Milliseconds. */
const WARM = 5_000;
const UPSTREAM_MS = 100;
const PLACES = 200;
const MAX_LAG = 100;
/** Places before the upstreams: what waits for a late loop has one, and here the loop is to be the limit. */
const AMPLE = 2_000;
/** A request pays the lag when it comes, when it is sent on, when the answer comes, and once for the generator. */
const LAGS = 5;

export const overloadOfPlaces: Scenario = {
  name: 'overload: places',
  async run(scale) {
    const on = await stage({ overload: { maxInflight: PLACES } }, (_, res) => {
      setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'), UPSTREAM_MS);
    });
    return overloaded(on, (PLACES / UPSTREAM_MS) * 1_000, 1_000, scale);
  },
};

export const overloadOfTheLoop: Scenario = {
  name: 'overload: the loop',
  async run(scale) {
    if (!pinned) throw new Error('it takes two cores, and taskset to keep the facade on one of them');
    const on = await stage({ overload: { maxLag: `${MAX_LAG}ms` }, places: AMPLE });
    const busy = { command: process.execPath, args: ['-e', 'for (;;);'], on: 'subject', env: {} } as const;
    const neighbours = Array.from({ length: NEIGHBOURS }, () => start(busy));
    try {
      return await overloaded(on, await capacityOf(on), MAX_LAG * LAGS, scale);
    } finally {
      await Promise.all(neighbours.map((one) => one.stop()));
    }
  },
};

/** Requests a second that it does when nobody asks for more. */
async function capacityOf({ facade: { port, pids }, stop }: Stage): Promise<number> {
  const closed = new LoadGenerator();
  const most = { connections: CONNECTIONS, mostRequests: Number.MAX_SAFE_INTEGER };
  const order = { port, pids, ...most, warmMs: WARM, measureMs: 1_500 };
  const { perSecond, requests } = await closed.run(order).finally(() => closed.stop());
  if (requests > 0) return perSecond;
  await stop();
  throw new Error('nothing was answered for seconds: this machine has no time for it');
}

/** @param most requests a second that it can do. @param longest milliseconds that an admitted one may take. */
async function overloaded({ facade, metric, waited, stop }: Stage, most: number, longest: number, { isQuick }: Scale) {
  const open = new OpenLoop();
  try {
    const { port } = facade;
    const load = await open.run({ port, perSecond: most * 2, ms: isQuick ? 3_000 : 10_000, connections: 1_000 });
    const shed = await metric('facade_shed_total');
    // A quarter of what it can do, for the two seconds in which it may still refuse, and for one in which it may not.
    const after = await open.run({ port, perSecond: most / 4, ms: 3_000, connections: CONNECTIONS });
    return judged({ load, after, shed, most, longest, waited: waited() });
  } finally {
    await Promise.all([open.stop(), stop()]);
  }
}

/** A refusal costs a quarter to half of what a request does, and at twice the capacity most are refused. */
const LEAST_SHARE = 0.25;

interface Measured {
  readonly load: OpenLoopResult;
  readonly after: OpenLoopResult;
  readonly shed: number;
  readonly most: number;
  readonly longest: number;
  readonly waited: number;
}

function judged({ load, after, shed, most, longest, waited }: Measured): Verdict[] {
  const { '200': served = 0, '503': refused = 0, ...others } = load.statuses;
  const rest = Object.values(others).reduce((sum, count) => sum + count, 0) + load.errors;
  const share = load.perSecond / most;
  return [
    {
      promise: 'of twice its capacity a part is refused, and nothing fails',
      measured: `${load.offered} offered, ${served} served, ${refused} refused, ${rest} otherwise`,
      kept: refused > 0 && rest === 0,
    },
    {
      promise: 'each with Retry-After',
      measured: `${load.withoutRetryAfter} without; ${shed} shed, the others by the bulkhead`,
      kept: load.withoutRetryAfter === 0,
    },
    {
      promise: `what is served meanwhile is at least ${LEAST_SHARE * 100} % of capacity`,
      measured: `${(share * 100).toFixed(0)} % of ${most.toFixed(0)}/s`,
      kept: share >= LEAST_SHARE,
    },
    timed(atMost('p99 of what is admitted', load.p99FromSent, longest, 'ms'), waited),
    timed(atMost('p99 of a refusal', load.p99Shed, longest, 'ms'), waited),
    timed(
      {
        promise: 'two seconds after the end everybody is served',
        measured: after.lastShedAt < 0 ? 'at once' : `after ${(after.lastShedAt / 1_000).toFixed(1)} s`,
        kept: after.lastShedAt < 2_000 && after.errors === 0,
      },
      waited,
    ),
  ];
}
