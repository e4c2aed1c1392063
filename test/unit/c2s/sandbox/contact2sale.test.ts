import supertest from 'supertest';
import { expect, test } from 'vitest';
import type { Crm } from '../../../../src/c2s/sandbox/crm.ts';
import {
  SANDBOX_OPERATIONS,
  SEED_QUEUE_IDS,
  SEED_SELLER_IDS,
  SEED_TAG_IDS,
} from '../../../../src/c2s/sandbox/index.ts';
import type { SandboxOperationId } from '../../../../src/c2s/sandbox/index.ts';
import { LEAD, TOKEN, ask, contact2sale } from './harness.ts';

const SELLER = SEED_SELLER_IDS[0];
const seller_id = SELLER;
const text = 'Vaga de garagem';

/** For every operation a body that is carried out, and one that is refused with 422 (where there is a body at all). */
const BODIES: Record<SandboxOperationId, { good?: unknown; bad?: unknown }> = {
  'leads.list': {},
  'leads.get': {},
  'leads.create': { good: { customer: 'Nova Pessoa' }, bad: { phone: '11900000000' } },
  'leads.update': { good: { description: text }, bad: { status: 'no-such-status' } },
  'leads.forward': { good: { seller_id: String(SELLER) }, bad: { seller_id: 'nobody' } },
  'leads.status': { good: { status: 3, lost_reason_ids: [12] }, bad: { status: '3' } },
  'leads.tags.list': {},
  'leads.tags.add': { good: { tag_id: SEED_TAG_IDS[1] }, bad: {} },
  'leads.tags.remove': { good: { tag_id: SEED_TAG_IDS[0] }, bad: { tag_id: [] } },
  'leads.interacted': {},
  'leads.messages.create': { good: { body: text }, bad: { message: text } },
  'leads.deal': { good: { value: 100.5 }, bad: { value: 0 } },
  'leads.visits.create': { good: { visit_date: '2026-05-01' }, bad: { description: text } },
  'leads.activities.create': { good: { type: 'call', description: text }, bad: { type: 'call' } },
  'tags.list': {},
  'tags.create': { good: { name: 'VIP', autofill: true }, bad: { name: 'VIP', autofill: 'True' } },
  'sellers.list': {},
  'sellers.create': { good: { name: 'Lia Sol', email: 'lia@example.com' }, bad: { name: 'Lia Sol' } },
  'sellers.timeshift': { good: { seller_ids: [seller_id] }, bad: { seller_ids: ['nobody'] } },
  'sellers.update': { good: { active: false }, bad: { active: 'no' } },
  'queues.list': {},
  'queues.sellers': {},
  'queues.sellers.update': { good: { sellers: [{ seller_id, priority: 1 }] }, bad: { sellers: [{ seller_id }] } },
  'queues.redistribute': { good: { lead_id: LEAD, seller_id }, bad: { lead_id: 'nobody', seller_id } },
  'queues.priority': { good: { seller_id, priority: 0 }, bad: { seller_id, priority: 1.9 } },
  'queues.nextSeller': { good: { seller_id }, bad: {} },
  'rules.list': {},
  'rules.create': {
    good: { name: 'Sul', queue_id: '1', conditions: { city: null }, actions: {} },
    bad: { name: 'Sul', queue_id: '1', conditions: [], actions: {} },
  },
  'company.me': {},
  'webhooks.subscribe': {
    good: { url: 'https://hooks.example.com/a', events: [] },
    bad: { url: 'no url', events: [] },
  },
  'webhooks.unsubscribe': { good: { url: 'https://hooks.example.com/old' }, bad: { url: 5 } },
  'hooks.subscribe': {
    good: { hook_url: 'https://hooks.example.com/a', hook_action: 'on_create_lead' },
    bad: { hook_url: 'https://hooks.example.com/a', hook_action: 'on_delete_lead' },
  },
  'hooks.unsubscribe': { good: { hook_action: 'on_close_lead' }, bad: { hook_url: 'https://hooks.example.com/old' } },
};

const fill = (template: string, id?: string) =>
  template
    .replace(':leadId', id ?? LEAD)
    .replace(':sellerId', id ?? String(SELLER))
    .replace(':queueId', id ?? SEED_QUEUE_IDS[0]);

/** All that the CRM remembers, as text. */
const stateOf = (crm: Crm) =>
  JSON.stringify(
    [crm.leads, crm.tags, crm.sellers, crm.queues, crm.rules, crm.leadTags, crm.subscriptions].map((map) =>
      [...map].map(([id, value]) => [id, value instanceof Set ? [...value] : value]),
    ),
  );

test('the table has the 33 operations that Contact2Sale offers, each under one name', () => {
  expect(SANDBOX_OPERATIONS).toHaveLength(33);
  expect(new Set(SANDBOX_OPERATIONS.map(({ id }) => id)).size).toBe(33);
});

const SPELLINGS = SANDBOX_OPERATIONS.flatMap(({ id, method: own, path, aliases, success }) =>
  [`${own} ${path}`, ...aliases].map((written) => {
    const [method = '', spelling = ''] = written.split(' ');
    return { id, method, spelling, success, body: BODIES[id].good };
  }),
);
const WITH_ID = SANDBOX_OPERATIONS.filter(({ path }) => path.includes(':'));
const WITH_BODY = SANDBOX_OPERATIONS.filter(({ id }) => BODIES[id].bad !== undefined);

test.each(SPELLINGS)('$id: $method $spelling answers a good request with $success', async (each) => {
  const { url, crm } = await contact2sale();
  crm.subscriptions.set('on_close_lead', 'https://hooks.example.com/old');
  const answer = await ask(url, each.method, fill(each.spelling), each.body);
  expect(answer.status).toBe(each.success);
  expect(answer.json).toHaveProperty('data');
});

test.each(SPELLINGS)('$id: $method $spelling without a token is 401 and changes nothing', async (each) => {
  const { url, crm } = await contact2sale();
  const before = stateOf(crm);
  const init = each.body ? { body: JSON.stringify(each.body) } : {};
  const response = await fetch(url + fill(each.spelling), { method: each.method, ...init });
  expect([response.status, await response.json()]).toEqual([401, { error: 'unauthorized' }]);
  expect(stateOf(crm)).toBe(before);
});

test.each(WITH_ID)('$id answers 404 for an id that does not exist', async ({ id, method, path }) => {
  const { url } = await contact2sale();
  const answer = await ask(url, method, fill(path, 'f'.repeat(32)), BODIES[id].good);
  expect(answer.status).toBe(404);
  expect(answer.json).toEqual({ error: expect.stringMatching(/^(lead|seller|queue) not found$/) as string });
});

test.each(WITH_BODY)(
  '$id answers 422 for a wrong body, says what, and changes nothing',
  async ({ id, method, path }) => {
    const { url, crm } = await contact2sale();
    const before = stateOf(crm);
    const answer = await ask(url, method, fill(path), BODIES[id].bad);
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({ error: expect.stringMatching(/\w/) as string });
    expect(stateOf(crm)).toBe(before);
  },
);

test.each(WITH_BODY)('$id answers 400 for a body that is not JSON', async ({ method, path }) => {
  const { url } = await contact2sale();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(url + fill(path), { method, headers, body: '{"a":' });
  expect([response.status, await response.json()]).toEqual([400, { error: 'the body is not JSON' }]);
});

test.each([
  ['authorization', `Bearer ${TOKEN}`, 200],
  ['authentication', `Bearer ${TOKEN}`, 200],
  ['authentication', TOKEN, 200],
  ['authorization', TOKEN, 401],
  ['authorization', 'Bearer wrong', 401],
  ['authentication', 'wrong', 401],
  ['authorization', `Basic ${TOKEN}`, 401],
])('a request with %s: %s is answered %i', async (header, value, status) => {
  const { url } = await contact2sale();
  await supertest(url).get('/integration/me').set(header, value).expect(status);
});

test('an unknown path and an unknown method are 404 with a JSON error', async () => {
  const { url } = await contact2sale();
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['GET', '/integration/nothing'],
    ['DELETE', '/integration/leads'],
    ['GET', '/INTEGRATION/leads'],
  ] as const) {
    const answer = await ask(url, method, path);
    expect([answer.status, answer.json]).toEqual([404, { error: 'no such path' }]);
  }
});

test('HEAD is answered as GET without the body', async () => {
  const { url } = await contact2sale();
  const head = await ask(url, 'HEAD', `/integration/leads/${LEAD}`);
  const get = await ask(url, 'GET', `/integration/leads/${LEAD}`);
  expect([head.status, head.text]).toEqual([200, '']);
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
});

test('an escaped slash stays inside the id, and a broken escape is 400', async () => {
  const { url } = await contact2sale();
  expect((await ask(url, 'GET', `/integration/leads/${LEAD}%2Ftags`)).json).toEqual({ error: 'lead not found' });
  expect((await ask(url, 'GET', '/integration/leads/%FF')).status).toBe(400);
});
