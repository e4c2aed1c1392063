import { parseArgs } from 'node:util';
import { CONNECTIONS } from './kit/exchange.ts';
import { LoadGenerator } from './kit/load.ts';
import { startOne } from './kit/one.ts';
import { rss } from './kit/proc.ts';
import { slope } from './kit/stats.ts';
import { startUpstream } from './kit/upstream.ts';

/**
 * `npm run bench:flat -- [--subject name] [--requests n]`: does memory stay flat over a million requests? Sampled every
 * 50,000 after a warm-up. Exit code 1 when it does not, or an answer was wrong, 2 when the subject cannot be had.
 */

const { values: options } = parseArgs({
  options: { subject: { type: 'string', default: 'facade' }, requests: { type: 'string', default: '1000000' } },
});

const MIB = 1024 * 1024;
const STEP = 50_000;
/** Heaps settle late: V8 still grows its young generation after the first hundred thousand requests. */
const WARM_UP = 200_000;
/** 16 bytes a request: less than the smallest thing that could be forgotten on every request. */
const MOST_GROWTH_PER_MILLION = 16 * MIB;
const LONGEST_MS = 300_000;

async function main(): Promise<number> {
  const upstream = await startUpstream('upstream.ts');
  const subject = await startOne(options.subject, upstream.url, {});
  if (!subject) return 2;
  const { port, pids } = subject;
  const load = new LoadGenerator();
  const order = { port, pids, connections: CONNECTIONS, warmMs: 0, measureMs: 60_000 };
  await load.run({ ...order, mostRequests: WARM_UP });

  const samples: [requests: number, bytes: number][] = [[0, rss(pids[0] ?? -1)]];
  const began = performance.now();
  let [requests, errors] = [0, 0];
  while (requests < Number(options.requests) && performance.now() - began < LONGEST_MS) {
    const result = await load.run({ ...order, mostRequests: STEP });
    requests += result.requests;
    errors += result.errors;
    const resident = rss(pids[0] ?? -1);
    samples.push([requests, resident]);
    console.log(`${String(requests).padStart(9)} requests  ${(resident / MIB).toFixed(1).padStart(7)} MiB`);
  }
  await Promise.all([load, subject, upstream].map((one) => one.stop()));

  const perMillion = slope(samples) * 1_000_000;
  const flat = perMillion < MOST_GROWTH_PER_MILLION && errors === 0 && requests >= Number(options.requests);
  console.log(
    `${requests} requests, ${errors} errors, ${(perMillion / MIB).toFixed(1)} MiB per million requests` +
      ` (less than ${MOST_GROWTH_PER_MILLION / MIB}): ${flat ? 'met' : 'MISSED'}`,
  );
  return flat ? 0 : 1;
}

process.exit(await main());
