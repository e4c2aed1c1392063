import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFacade } from './kit/facade.ts';
import { rss, watchSchedule } from './kit/proc.ts';
import type { Verdict } from './load/scenario.ts';
import { Callers } from './soak/callers.ts';
import { Plan } from './soak/plan.ts';
import { SoakUpstream } from './soak/upstream.ts';
import { counted, failures, handles, memory, writes } from './soak/verdict.ts';

/**
 * `npm run soak [-- --minutes n --rate n]`: twenty minutes of moderate load, with a reload every second, flips, restarts
 * of both upstreams and breakers that trip. What callers see fail must be what was planned, memory must be flat and
 * nothing left behind. Exit code 1 when not.
 */

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, rate: { type: 'string', default: '200' } },
});

/** Milliseconds. */
const SAMPLE_INTERVAL_MS = 2_000;
/** Share of the run after which memory counts: caches fill and V8 settles. */
const SETTLED = 0.25;
/** Milliseconds: longer than any idle connection is kept. */
const QUIET = 7_000;

const began = performance.now();
const now = (): number => performance.now() - began;
const page = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

async function main(): Promise<number> {
  const [direct, gateway] = [new SoakUpstream('direct'), new SoakUpstream('gateway')];
  await Promise.all([direct.start(), gateway.start()]);
  const facade = await startFacade(direct.url, { gatewayUrl: gateway.url, gateway: 50 });
  const { adminPort, config, port, pid } = facade;
  const first = new Callers('first', port, now);
  first.begin(50);
  await sleep(2_000);
  await first.end();
  await sleep(QUIET);
  const before = await page(adminPort);
  const waited = watchSchedule(pid);
  const begins = now();
  const ends = begins + Number(options.minutes) * 60_000;
  const samples: [at: number, bytes: number][] = [];
  const sampling = setInterval(() => samples.push([now(), rss(pid)]), SAMPLE_INTERVAL_MS);
  const callers = new Callers('soak', port, now);
  const plan = new Plan({ config, adminPort, direct, gateway, now });
  callers.begin(Number(options.rate));
  await plan.run(ends);
  clearInterval(sampling);
  await callers.end();
  await sleep(QUIET);
  const after = await page(adminPort);
  const share = waited();
  await facade.stop();
  await Promise.all([direct.stop(), gateway.stop()]);
  const settled = samples.filter(([at]) => at > begins + (ends - begins) * SETTLED);
  const verdicts = [
    failures(callers.tally, plan.faults, share),
    ...writes(callers.tally, [direct, gateway]),
    memory(settled),
    ...handles(before, after),
  ];
  return report(verdicts, plan, callers);
}

function report(verdicts: readonly Verdict[], { done }: Plan, { tally }: Callers): number {
  const { reloads, flips, restarts, trips, refused } = done;
  console.log(
    `${options.minutes} minutes at ${options.rate}/s: ${tally.asked} requests; ${reloads} reloads, ${flips} flips (${refused} refused), ${restarts} restarts, ${trips} trips`,
  );
  for (const [what, count] of Object.entries(counted(tally.failures))) console.log(`  callers saw ${count} × ${what}`);
  const width = Math.max(...verdicts.map(({ promise }) => promise.length));
  for (const { promise, measured, kept } of verdicts) {
    console.log(
      `  ${kept === undefined ? '?     ' : kept ? 'kept  ' : 'BROKEN'}  ${promise.padEnd(width)}  ${measured}`,
    );
  }
  return verdicts.some(({ kept }) => kept === false) ? 1 : 0;
}

process.exit(await main());
