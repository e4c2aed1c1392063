import { expect, test } from 'vitest';
import { ask, contact2sale } from './harness.ts';

const A = 'https://a.example.com/hook';
const B = 'https://b.example.com/hook';
const SUBSCRIBE = '/integration/webhook/leads/subscribe';
const UNSUBSCRIBE = '/integration/webhook/leads/unsubscribe';

test('a second subscription to an action replaces the first', async () => {
  const { url, crm } = await contact2sale();
  await ask(url, 'POST', SUBSCRIBE, { url: A, events: ['on_create_lead', 'on_update_lead'] });
  await ask(url, 'POST', '/integration/leads/subscribe', { hook_url: B, hook_action: 'on_update_lead' });
  expect([...crm.subscriptions]).toEqual([
    ['on_create_lead', A],
    ['on_update_lead', B],
  ]);
});

test('the documented form takes its three actions and no other', async () => {
  const { url, crm } = await contact2sale();
  for (const hook_action of ['on_create_lead', 'on_update_lead', 'on_close_lead']) {
    expect((await ask(url, 'POST', '/integration/api/subscribe', { hook_url: A, hook_action })).status).toBe(200);
  }
  const wrong = await ask(url, 'POST', '/integration/api/subscribe', { hook_url: A, hook_action: 'on_delete_lead' });
  expect(wrong.status).toBe(422);
  expect(wrong.json.error).toContain('on_create_lead, on_update_lead, on_close_lead');
  expect(crm.subscriptions.size).toBe(3);
});

test('unsubscribing by url ends the subscriptions of that endpoint only, and a second time is 404', async () => {
  const { url, crm } = await contact2sale();
  await ask(url, 'POST', SUBSCRIBE, { url: A, events: ['on_create_lead', 'on_close_lead'] });
  await ask(url, 'POST', SUBSCRIBE, { url: B, events: ['on_update_lead'] });
  expect((await ask(url, 'POST', UNSUBSCRIBE, { url: A })).status).toBe(200);
  expect([...crm.subscriptions]).toEqual([['on_update_lead', B]]);
  expect((await ask(url, 'POST', UNSUBSCRIBE, { url: A })).status).toBe(404);
});

test('unsubscribing by hook_action ends that action only; one of another URL, or of none, is 404', async () => {
  const { url, crm } = await contact2sale();
  await ask(url, 'POST', SUBSCRIBE, { url: A, events: ['on_create_lead', 'on_close_lead'] });
  const end = async (body: object) => (await ask(url, 'POST', '/integration/api/unsubscribe', body)).status;
  expect(await end({ hook_action: 'on_create_lead', hook_url: B })).toBe(404);
  expect(await end({ hook_action: 'on_create_lead', hook_url: A })).toBe(200);
  expect([...crm.subscriptions]).toEqual([['on_close_lead', A]]);
  expect(await end({ hook_action: 'on_create_lead' })).toBe(404);
});

test('each form is taken at its own paths alone', async () => {
  const { url, crm } = await contact2sale();
  const hook = { hook_url: A, hook_action: 'on_create_lead' };
  const seen = { url: A, events: ['on_create_lead'] };
  for (const [path, body] of [
    [SUBSCRIBE, hook],
    ['/integration/leads/subscribe', seen],
    ['/integration/api/subscribe', seen],
    ['/api/subscribe', seen],
  ] as const) {
    expect([path, (await ask(url, 'POST', path, body)).status]).toEqual([path, 422]);
  }
  expect(crm.subscriptions.size).toBe(0);
});
