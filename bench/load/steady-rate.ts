import { CONNECTIONS } from '../kit/exchange.ts';
import { LoadGenerator } from '../kit/load.ts';
import { OpenLoop } from '../kit/open-loop.ts';
import { atMost, stage, timed, type Scenario } from './scenario.ts';

/** 5,000 requests a second for a minute, whether the last ones are answered or not; less where the machine has less to give. */

const TARGET = 5_000;
/** Of what the facade does at most: beyond it queues grow on any machine. */
const SHARE = 0.7;

export const steadyRate: Scenario = {
  name: 'steady rate',
  async run({ isQuick }) {
    const { facade, metric, waited, stop } = await stage({});
    const [closed, open] = [new LoadGenerator(), new OpenLoop()];
    try {
      const order = { port: facade.port, pids: facade.pids, connections: CONNECTIONS, warmMs: isQuick ? 800 : 4_000 };
      const most = await closed.run({
        ...order,
        measureMs: isQuick ? 700 : 3_000,
        mostRequests: Number.MAX_SAFE_INTEGER,
      });
      const perSecond = Math.floor(Math.min(TARGET, most.perSecond * SHARE));
      const result = await open.run({ port: facade.port, perSecond, ms: isQuick ? 3_000 : 60_000, connections: 256 });
      const failed = result.offered - (result.statuses['200'] ?? 0);
      const given = perSecond < TARGET ? `, which is ${SHARE * 100} % of what this machine gives` : '';
      return [
        {
          promise: `${perSecond} requests/s are all answered 200${given}`,
          measured: `${failed} of ${result.offered} not; ${result.perSecond.toFixed(0)}/s; at most ${most.perSecond.toFixed(0)}/s`,
          kept: failed === 0 && result.errors === 0,
        },
        timed(atMost('p99 from when it was due', result.p99, 250, 'ms'), waited()),
        { promise: 'nothing is shed', ...(await shedNothing(metric)) },
      ];
    } finally {
      await Promise.all([closed.stop(), open.stop(), stop()]);
    }
  },
};

async function shedNothing(metric: (series: string) => Promise<number>) {
  const shed = await metric('facade_shed_total');
  return { measured: `${shed}`, kept: shed === 0 };
}
