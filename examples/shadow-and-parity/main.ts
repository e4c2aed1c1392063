import { createFacade } from 'c2s-facade';
import { startFirstRun } from 'c2s-facade/sandbox';
import { check, say, serve, until } from '../kit.ts';

const ADMIN_TOKEN = 'a-token-for-operators';
const READS = 40;

const sandbox = await startFirstRun();
const facade = await createFacade({
  config: {
    upstreams: { direct: { url: '${C2S_BASE_URL}' }, gateway: { url: '${C2S_GATEWAY_URL}' } },
    routes: [
      {
        id: 'leads.get',
        direct: 'GET /integration/leads/:leadId',
        gateway: 'GET /leads/:leadId',
        rollout: { gateway: 0, shadow: 100, stickyBy: 'leadId', fallback: 'direct' },
      },
    ],
  },
  environment: { ...sandbox.environment, ADMIN_TOKEN },
});
const [callers, operators] = [await serve(facade.handle), await serve(facade.admin)];

interface Report {
  readonly window: { readonly shadows: number };
  readonly counts: { readonly match: number; readonly mismatch: number };
  readonly noise: { readonly samples: number };
  readonly parity: { readonly value: number; readonly low: number };
}

async function report(): Promise<Report> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return (await (await fetch(`${operators.url}/api/parity/leads.get`, { headers })).json()) as Report;
}

let reads = 0;
async function read(): Promise<void> {
  reads++;
  const res = await fetch(`${callers.url}/integration/leads/${sandbox.leadId}`, {
    headers: { authorization: `Bearer ${sandbox.environment['FACADE_TOKENS']}` },
  });
  await res.arrayBuffer();
  check(res.headers.get('x-facade-path') === 'direct', 'callers are served by direct alone');
}
while (reads < READS) await read();
await until(async () => (await report()).window.shadows >= READS, 'every read has its shadow');
// A busy machine drops shadows rather than let a caller wait: then it takes a few reads more.
await until(async () => (await report()).counts.match > 0 || (await read(), false), 'answers are compared');

const { window, counts, noise, parity } = await report();
say(`${reads} reads, all by direct; ${window.shadows} shadows behind their backs`);
say(`${noise.samples} of them asked direct twice, to know its noise; the others matched ${counts.match} times`);
say(`parity is above ${(parity.low * 100).toFixed(0)} % for sure: what so few shadows can tell`);
check(counts.match > 0 && counts.mismatch === 0, 'both sides say the same');

await Promise.all([callers.close(), operators.close()]);
await facade.close();
await sandbox.close();
