import { once } from 'node:events';
import { get, createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CALLER_TOKEN, LEAD_IDS, leadPath } from '../kit/exchange.ts';
import { startFacade, type FacadeVariant, type RunningFacade } from '../kit/facade.ts';
import { rss, watchSchedule } from '../kit/proc.ts';
import { percentile } from '../kit/stats.ts';
import { startUpstream } from '../kit/upstream.ts';

/** What the scenarios of bench/load.ts have in common. */

/** One promise, and whether it was kept. */
export interface Verdict {
  readonly promise: string;
  readonly measured: string;
  /** Undefined: cannot be judged here, and `measured` says why. */
  readonly kept: boolean | undefined;
}

export interface Scale {
  /** Some twenty seconds for all, instead of minutes. */
  readonly isQuick: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly run: (scale: Scale) => Promise<readonly Verdict[]>;
}

export const MIB = 1024 * 1024;

export const atMost = (promise: string, value: number, limit: number, unit: string): Verdict => ({
  promise: `${promise}: at most ${limit} ${unit}`,
  measured: `${Number(value.toPrecision(3))} ${unit}`,
  kept: value <= limit,
});

/** A process that waits this long for its core pays for its neighbours: what it then takes is no property of its own. */
const MOST_WAITING = 0.2;

/** Times are judged only where the machine was ours. @param waited share of the time that the facade waited for its core. */
export function timed(verdict: Verdict, waited: number): Verdict {
  if (waited <= MOST_WAITING || verdict.kept) return verdict;
  const why = `the facade had to wait for its core ${(waited * 100).toFixed(0)} % of the time`;
  return { ...verdict, measured: `${verdict.measured}; ${why}`, kept: undefined };
}

/** A facade before an upstream, and what is looked at from outside while a scenario runs. */
export interface Stage {
  readonly facade: RunningFacade;
  readonly metric: (series: string) => Promise<number>;
  /** Resident memory, MiB. */
  readonly memory: () => number;
  /** Share of the time so far that it needed a core and had none. */
  readonly waited: () => number;
  readonly stop: () => Promise<void>;
}

/** @param answer left out: the quick upstream of the benches, on the driver's core. */
export async function stage(variant: FacadeVariant, answer?: RequestListener): Promise<Stage> {
  const upstream = answer ? await slowUpstream(answer) : await startUpstream('upstream.ts');
  const facade = await startFacade(upstream.url, variant);
  return {
    facade,
    metric: async (series) => metricIn(await text(facade.adminPort, '/metrics'), series),
    memory: () => rss(facade.pid) / MIB,
    waited: watchSchedule(facade.pid),
    stop: async () => {
      await facade.stop();
      await upstream.stop();
    },
  };
}

async function slowUpstream(answer: RequestListener): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 30_000 }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

/** Several matches add up. */
export function metricIn(page: string, series: string): number {
  const rows = page.split('\n').filter((row) => row.startsWith(series));
  return rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' ') + 1)), 0);
}

async function text(port: number, path: string): Promise<string> {
  const [answer] = (await once(get({ host: '127.0.0.1', port, path, agent: false }), 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A caller who asks ten times a second and is not slow: what do others make him suffer? */
export function quickCaller(port: number): { stop: () => { asked: number; failed: number; p99: number } } {
  const times: number[] = [];
  let [asked, failed] = [0, 0];
  const ask = (): void => {
    const began = performance.now();
    asked++;
    const headers = { authorization: `Bearer ${CALLER_TOKEN}` };
    const path = leadPath(LEAD_IDS[asked % LEAD_IDS.length] as string);
    const req = get({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
      if (answer.statusCode !== 200) failed++;
      answer.resume().on('end', () => times.push(performance.now() - began));
    });
    req.on('error', () => failed++);
  };
  const timer = setInterval(ask, 100);
  return {
    stop() {
      clearInterval(timer);
      return { asked, failed, p99: percentile(Float64Array.from(times).sort(), 0.99) };
    },
  };
}

/** The quick caller, judged. */
export function unharmed(caller: ReturnType<typeof quickCaller>, waited: number): Verdict[] {
  const { asked, failed, p99 } = caller.stop();
  return [
    {
      promise: 'a quick caller beside them is always served',
      measured: `${failed} of ${asked} not`,
      kept: failed === 0,
    },
    timed(atMost('its p99', p99, 250, 'ms'), waited),
  ];
}
