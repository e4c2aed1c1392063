import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Document } from 'yaml';
import type { ParityReport } from '../../src/facade/compare/report.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, until, type Received, type TestUpstream } from './kit/upstream.ts';
import { startWireUpstream } from './kit/wire.ts';

/** Writes that the gateway served are read back through direct: what arrived, what did not, and what cannot be told. */

const opened = new Opened();
let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade;
/** What the lead holds, at each look. */
let looks: (readonly string[] | undefined)[] = [];

beforeEach(async () => {
  looks = [];
  direct = opened.keep(
    await startUpstream(({ method }, res) => {
      const messages = method === 'GET' ? looks.shift() : [];
      res.writeHead(messages ? 200 : 500, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ data: { attributes: { messages: messages?.map((body) => ({ body })) } } }));
    }),
  );
  gateway = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"data":{}}')));
  facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      edit: (config) => {
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
        for (const [key, value] of Object.entries({ sample: 100, after: '20ms', minSamples: 1 })) {
          setRoute(config, 'leads.messages.create', ['verify', key], value);
        }
      },
    }),
  );
});
afterEach(opened.closeAll);

async function write(path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
  const answer = await fetch(facade.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([answer.ok, answer.headers.get('x-facade-path')]).toEqual([true, 'gateway']);
  await answer.arrayBuffer();
}

async function readBack() {
  let report: ParityReport | undefined;
  await until(async () => {
    const url = `${facade.adminUrl}/api/parity/leads.messages.create`;
    report = (await (await fetch(url, { headers: { 'x-c2s-admin': 'test' } })).json()) as ParityReport;
    const { arrived = 0, notArrived = 0, cannotTell = 0 } = report.readBacks ?? {};
    return arrived + notArrived + cannotTell === 1;
  }, 'it was read back');
  return { ...report?.readBacks, verdict: report?.verdict.kind };
}
const isCopy = ({ headers }: Received): boolean => headers['x-facade-shadow'] === 'true';

test('a write that is there at the first look arrived, in whichever dialect it was asked', async () => {
  looks = [['Oi', 'Bom dia']];
  await write('/integration/leads/42/create_message', { body: 'Bom dia' });
  expect(await readBack()).toMatchObject({ arrived: 1, notArrived: 0, verdict: 'ready' });
  const copies = direct.received.filter(isCopy);
  expect(copies.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /integration/leads/42']);
});

test('a CRM that shows it late has not lost it', async () => {
  looks = [['Oi'], ['Oi', 'Bom dia']];
  await write('/leads/42/messages', { message: 'Bom dia' });
  expect(await readBack()).toMatchObject({ arrived: 1, notArrived: 0, verdict: 'ready' });
});

test('what is not there at the second look either was lost, and is named', async () => {
  looks = [['Oi'], ['Oi']];
  await write('/leads/42/messages', { message: 'Bom dia' });
  expect(await readBack()).toMatchObject({ arrived: 0, notArrived: 1, missing: { message: 1 }, verdict: 'not ready' });
  expect(await facade.metric('facade_verify_total{route="leads.messages.create",result="not_arrived"}')).toBe(1);
  expect(facade.logs.join('')).not.toContain('Bom dia');
});

test('where direct cannot be read nothing is concluded', async () => {
  looks = [undefined];
  await write('/leads/42/messages', { message: 'Bom dia' });
  expect(await readBack()).toMatchObject({ arrived: 0, notArrived: 0, cannotTell: 1, verdict: 'not enough data' });
});

test('a look that is under way on the connection of a former table ends with the process', async () => {
  const hanging = opened.keep(await startWireUpstream());
  hanging.script({});
  await facade.edit((config) => config.setIn(['upstreams', 'direct', 'url'], hanging.url));
  await write('/leads/42/messages', { message: 'Bom dia' });
  await until(() => hanging.requests.length === 1, 'the look is under way');
  await facade.edit((config) => config.setIn(['upstreams', 'direct', 'url'], direct.url));
  // The next one has a way out of its own, and the former is left to end by itself.
  looks = [['Bom dia']];
  await write('/leads/42/messages', { message: 'Bom dia' });
  await readBack();
  await facade.stop();
  await until(() => hanging.open() === 0, 'the look was given up');
});

test.each([
  ['of all routes', (config: Document) => config.setIn(['compare', 'perDay'], 3)],
  ['of the read', (config: Document) => setRoute(config, 'leads.get', ['compare'], { perDay: 3 })],
])('read-backs and their second looks count against the budget %s', async (_, limited) => {
  await facade.edit((config) => {
    limited(config);
    setRoute(config, 'leads.messages.create', ['verify', 'minSamples'], 1);
  });
  const left = async () => {
    const { shadowBudget } = (await (await fetch(`${facade.adminUrl}/api/routes`)).json()) as {
      shadowBudget: { all?: { left: number }; routes: Record<string, { left: number }> };
    };
    return shadowBudget.all?.left ?? shadowBudget.routes['leads.get']?.left;
  };
  expect(await left()).toBe(3);
  looks = [['Oi'], ['Bom dia']];
  await write('/leads/42/messages', { message: 'Bom dia' });
  await readBack();
  expect(await left()).toBe(1);
  looks = [['Boa tarde'], ['Boa tarde']];
  await write('/leads/42/messages', { message: 'Boa tarde' });
  await until(async () => (await left()) === 0, 'the third is spent');
  await write('/leads/42/messages', { message: 'Boa noite' });
  const copies = () => direct.received.filter(isCopy).length;
  await until(() => facade.logs.join('').includes('perDay'), 'it is said that they are spent');
  expect([copies(), looks.length]).toEqual([3, 1]);
});
