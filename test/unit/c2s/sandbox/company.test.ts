import { expect, test } from 'vitest';
import type { CrmLead } from '../../../../src/c2s/sandbox/crm.ts';
import { LEAD, ask, contact2sale } from './harness.ts';

const ids = (json: Record<string, unknown>) => (json.data as { id: string | number }[]).map(({ id }) => id);

test('tags are filtered by name and autofill, and a new one is among them', async () => {
  const { url } = await contact2sale();
  await ask(url, 'POST', '/integration/tags', { name: 'Quente demais', color: '#ff0000', extra: true });
  const named = await ask(url, 'GET', '/integration/tags?name=QUENTE');
  expect(named.json).toMatchObject({
    data: [{ id: 1 }, { attributes: { name: 'Quente demais', color: '#ff0000', autofill: false, extra: true } }],
    meta: { total: 2, page: 1, perpage: 50 },
  });
  expect(ids((await ask(url, 'GET', '/integration/tags?autofill=true')).json)).toEqual([3]);
  expect(ids((await ask(url, 'GET', '/integration/tags?autofill=false&name=retornar')).json)).toEqual([2]);
});

test('a seller is created active and keeps what an update does not name', async () => {
  const { url } = await contact2sale();
  const { json } = await ask(url, 'POST', '/integration/sellers', { name: 'Lia Sol', email: 'lia@example.com' });
  const { id } = json.data as { id: number };
  await ask(url, 'PUT', `/integration/sellers/${id}`, { phone: '11', active: false });
  const sellers = (await ask(url, 'GET', '/integration/sellers')).json.data as { id: number; attributes: unknown }[];
  expect(sellers.find((each) => each.id === id)?.attributes).toEqual({
    name: 'Lia Sol',
    email: 'lia@example.com',
    phone: '11',
    active: false,
  });
});

test('a priority puts a seller into the order of a queue, once', async () => {
  const { url } = await contact2sale();
  const path = '/integration/distribution_queues/1';
  expect(ids((await ask(url, 'GET', `${path}/sellers`)).json)).toEqual([101, 102]);
  await ask(url, 'POST', `${path}/priority`, { seller_id: '103', priority: 0 });
  await ask(url, 'POST', `${path}/priority`, { seller_id: 101, priority: 7 });
  const sellers = (await ask(url, 'GET', `${path}/sellers`)).json.data;
  expect(sellers).toMatchObject([
    { id: 103, priority: 0 },
    { id: 102, priority: 1 },
    { id: 101, priority: 7 },
  ]);
});

test('the next seller of a queue can be read back', async () => {
  const { url } = await contact2sale();
  await ask(url, 'POST', '/integration/distribution_queues/2/next_seller', { seller_id: '104' });
  const { json } = await ask(url, 'GET', '/integration/distribution_queues');
  expect(json.data).toMatchObject([{ attributes: { next_seller_id: null } }, { attributes: { next_seller_id: 104 } }]);
});

test('a redistributed lead has its new seller', async () => {
  const { url } = await contact2sale();
  await ask(url, 'POST', '/integration/distribution_queues/1/redistribute', { lead_id: LEAD, seller_id: 101 });
  const { json } = await ask(url, 'GET', `/integration/leads/${LEAD}`);
  expect((json.data as CrmLead).attributes.seller?.id).toBe(101);
});

test('a rule is stored whole, nested nulls included, and needs a queue that exists', async () => {
  const { url, crm } = await contact2sale();
  const rule = { name: 'Sul', queue_id: 1, conditions: { city: null }, actions: { notify: [true] } };
  await ask(url, 'POST', '/integration/distribution_rules', rule);
  const refused = await ask(url, 'POST', '/integration/distribution_rules', { ...rule, queue_id: '9' });
  expect(refused.json).toEqual({ error: 'queue not found' });
  expect([...crm.rules.values()].map(({ attributes }) => attributes)).toEqual([rule]);
});

test('a tag is taken in both of its forms, at both of its paths, and judged in each', async () => {
  const { url, crm } = await contact2sale();
  const before = crm.tags.size;
  for (const path of ['/integration/tags', '/tags']) {
    expect((await ask(url, 'POST', path, { tag: { name: 'VIP', autofill: true } })).status).toBe(200);
    expect((await ask(url, 'POST', path, { name: 'VIP' })).status).toBe(200);
    expect((await ask(url, 'POST', path, { tag: { autofill: true } })).json).toEqual({
      error: 'tag.name: is required',
    });
    expect((await ask(url, 'POST', path, { tag: [] })).status).toBe(422);
  }
  expect(crm.tags.size).toBe(before + 4);
});

test.each([
  [
    'PUT',
    `/integration/leads/${LEAD}/forward`,
    { seller_from_id: '101', seller_to_id: '102' },
    { seller_to_id: '102' },
  ],
  ['PUT', '/distribution_queues/1/next_seller', { next_queue_seller_id: 102 }, { next_queue_seller_id: 'nobody' }],
  ['POST', '/distribution_queues/1/redistribute', { id: LEAD }, { id: 'nobody' }],
  [
    'POST',
    '/distribution_rules',
    { cod_1: 'SP', priority: 1, type_rule: 'rotation', seller_id: '101' },
    { cod_1: 'SP', seller_id: '101' },
  ],
])('%s %s takes the form of the support guide, and refuses less with 422', async (method, path, good, bad) => {
  const { url } = await contact2sale();
  expect((await ask(url, method, path, bad)).status).toBe(422);
  const { status, json } = await ask(url, method, path, good);
  expect([status, Object.keys(json)]).toEqual([200, ['data']]);
});

test('a list says in its head how long it is and where it goes on', async () => {
  const { url } = await contact2sale();
  const head = async (path: string) => {
    const { headers } = await ask(url, 'GET', path);
    const names = ['x-total-count', 'total-entries', 'total-pages', 'current-page', 'link'];
    return names.map((name) => headers.get(name));
  };
  const at = (page: number, rel: string) => `<${url}/integration/tags?page=${page}&perpage=1>; rel="${rel}"`;
  const links = [at(1, 'first'), at(1, 'prev'), at(3, 'next'), at(3, 'last')].join(', ');
  expect(await head('/integration/tags?perpage=1&page=2')).toEqual(['3', '3', '3', '2', links]);
  expect(await head('/integration/tags')).toEqual(['3', '3', '1', '1', null]);
  expect(await head('/integration/me')).toEqual([null, null, null, null, null]);
});
