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
