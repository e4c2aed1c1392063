import { afterEach, expect, test } from 'vitest';
import { FACADE_TOKEN, startFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, until } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

test('requests to the endpoints of the enrichment are counted by endpoint and status', async () => {
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(404).end()));
  const facade = opened.keep(await startFacade({ direct: direct.url }));
  const asked = async (headers: Record<string, string>): Promise<number> => {
    const res = await fetch(`${facade.url}/api/v1/c2s/enrich/42`, { method: 'POST', headers });
    await res.arrayBuffer();
    return res.status;
  };
  const counted = (label: string) => facade.metric(new RegExp(`^facade_enrichment_requests_total\\{[^}]*${label}`));
  const known = { authorization: `Bearer ${FACADE_TOKEN}` };
  // Without WORK_API_URL there is nothing to enrich with. Strangers are refused before, and not counted.
  expect([await asked({}), await asked(known), await asked(known)]).toEqual([401, 501, 501]);
  await until(async () => (await counted('endpoint="enrich",status="501"')) === 2, 'each is counted');
  expect(await counted('')).toBe(2);
});
