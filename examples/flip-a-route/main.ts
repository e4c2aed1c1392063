import { createFacade } from 'c2s-facade';
import { startFirstRun } from 'c2s-facade/sandbox';
import { check, say, serve } from '../kit.ts';

const ADMIN_TOKEN = 'a-token-for-operators';

const sandbox = await startFirstRun();
const facade = await createFacade({
  config: {
    upstreams: { direct: { url: '${C2S_BASE_URL}' }, gateway: { url: '${C2S_GATEWAY_URL}' } },
    routes: [
      {
        id: 'leads.get',
        direct: 'GET /integration/leads/:leadId',
        gateway: 'GET /leads/:leadId',
        rollout: { gateway: 0, stickyBy: 'leadId', fallback: 'direct' },
      },
    ],
  },
  environment: { ...sandbox.environment, ADMIN_TOKEN },
});
const [callers, operators] = [await serve(facade.handle), await serve(facade.admin)];

/** Reads the lead as a program of the company does, and tells by which path it came. */
async function read(): Promise<string> {
  const res = await fetch(`${callers.url}/integration/leads/${sandbox.leadId}`, {
    headers: { authorization: `Bearer ${sandbox.environment['FACADE_TOKENS']}` },
  });
  check(res.status === 200, `the lead is read: ${res.status}`);
  return res.headers.get('x-facade-path') ?? '';
}

async function flip(gateway: number, why: string): Promise<void> {
  const res = await fetch(`${operators.url}/api/flips`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    // Nothing was compared here: force makes the flip all the same, and stands in the history with the reason.
    body: JSON.stringify({ changes: [{ route: 'leads.get', set: { gateway } }], who: 'ana', why, force: true }),
  });
  check(res.ok, `the flip is taken: ${res.status}`);
}

async function expectPath(path: string, when: string): Promise<void> {
  const served = await read();
  say(`${when}: ${served}`);
  check(served === path, `${when} the lead comes by ${path}`);
}

await expectPath('direct', 'before');
await flip(100, 'the gateway is trusted now');
await expectPath('gateway', 'after the flip');
await fetch(`${sandbox.controlUrl}/gateway`, { method: 'DELETE' });
await expectPath('direct', 'the gateway is dead');
await fetch(`${sandbox.controlUrl}/gateway`, { method: 'PUT' });
await flip(0, 'the way back is the same number');
await expectPath('direct', 'taken back');

await Promise.all([callers.close(), operators.close()]);
await facade.close();
await sandbox.close();
