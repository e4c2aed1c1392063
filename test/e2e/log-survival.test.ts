import { afterEach, expect, test } from 'vitest';
import { readMetric } from './kit/facade.ts';
import { inBatches } from './kit/load.ts';
import { get, keptAgent, opened, openPipe, SERVICES, start, SURROUNDINGS, survives } from './kit/lost-output.ts';
import { startUpstream, until } from './kit/upstream.ts';

/**
 * Standard output that cannot be written, or that nobody reads any more: callers notice nothing, the lines that are lost
 * are counted, and SIGTERM ends the process as always, with what is under way finished first. Two services and
 * two ways to lose the output; all of them with each other in log-survival.load.test.ts.
 */

afterEach(opened.closeAll);

const [facade, , gateway] = SERVICES;
const [fullDisk, , stalls] = SURROUNDINGS;

test.each([
  { service: gateway, surroundings: fullDisk },
  { service: facade, surroundings: stalls },
])('$service.name: $surroundings.name', { timeout: 300_000 }, ({ service, surroundings }) =>
  survives(service, surroundings),
);

test(
  'a reader that comes back is given whole lines, and nothing is dropped before the bound',
  { timeout: 300_000 },
  async () => {
    const direct = opened.keep(await startUpstream((_, res) => void res.writeHead(200).end('{}')));
    const pipe = openPipe();
    const { url, adminUrl, process } = await start(facade, direct.url, pipe.stdout);
    const agent = keptAgent();
    await inBatches(1_000, 16, () => get(`${url}/leads/42`, agent));
    let text = '';
    const lines = () => text.split('\n').filter((line) => line.includes('leads.get'));
    await until(() => (text += pipe.read()) !== '' && lines().length >= 1_000, 'every line arrives');
    expect(lines().map((line) => (JSON.parse(line) as { route: string }).route)).toEqual(
      Array<string>(1_000).fill('leads.get'),
    );
    expect(readMetric(await (await fetch(`${adminUrl}/metrics`)).text(), 'facade_log_dropped_total')).toBe(0);
    process.child.kill('SIGTERM');
    expect(await process.exited()).toBe(0);
    expect((text += pipe.read())).toMatch(/"stopped"\}\n$/);
  },
);
