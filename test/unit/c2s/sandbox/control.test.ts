import { expect, test } from 'vitest';
import { ask, contact2sale } from './harness.ts';

const ME = '/integration/me';

test('faults are added, listed and removed over HTTP', async () => {
  const { url } = await contact2sale();
  const added = await ask(url, 'POST', '/__sandbox/faults', { path: ME, status: 503 });
  expect([added.status, added.json]).toEqual([201, { path: ME, status: 503, id: 1, struck: 0 }]);
  await ask(url, 'POST', '/__sandbox/faults', { path: ME, status: 502 });
  expect((await ask(url, 'GET', ME)).status).toBe(503);
  expect((await ask(url, 'GET', '/__sandbox/faults')).json).toMatchObject([{ struck: 1 }, { status: 502, struck: 0 }]);
  expect((await ask(url, 'DELETE', '/__sandbox/faults/1')).status).toBe(204);
  expect((await ask(url, 'DELETE', '/__sandbox/faults/1')).status).toBe(404);
  expect((await ask(url, 'GET', ME)).status).toBe(502);
  expect((await ask(url, 'DELETE', '/__sandbox/faults')).status).toBe(204);
  expect((await ask(url, 'GET', ME)).status).toBe(200);
});

test('a fault that says nothing or is misspelt is refused with the reason', async () => {
  const { url, faults } = await contact2sale();
  for (const [spec, reason] of [
    [{ path: ME }, 'write what happens'],
    [{ path: ME, stauts: 500 }, 'stauts'],
    [[], 'expected object'],
  ] as const) {
    const answer = await ask(url, 'POST', '/__sandbox/faults', spec);
    expect(answer.status).toBe(422);
    expect(answer.json.error).toContain(reason);
  }
  expect(faults.list()).toEqual([]);
});

test('received requests are read and cleared over HTTP, and the switches themselves are not among them', async () => {
  const { url } = await contact2sale();
  await ask(url, 'POST', '/integration/tags', { name: 'A' });
  const { json } = await ask(url, 'GET', '/__sandbox/received');
  expect(json).toMatchObject([
    { method: 'POST', path: '/integration/tags', body: { name: 'A' }, rawBody: '{"name":"A"}' },
  ]);
  await ask(url, 'DELETE', '/__sandbox/received');
  expect((await ask(url, 'GET', '/__sandbox/received')).json).toEqual([]);
});

test('the rate limit is set and lifted over HTTP, and never limits the switches', async () => {
  const { url } = await contact2sale();
  const set = await ask(url, 'POST', '/__sandbox/rate-limit', { requests: 1, periodMs: 60_000 });
  expect(set.json).toEqual({ requests: 1, periodMs: 60_000 });
  expect([(await ask(url, 'GET', ME)).status, (await ask(url, 'GET', ME)).status]).toEqual([200, 429]);
  expect((await ask(url, 'DELETE', '/__sandbox/rate-limit')).status).toBe(204);
  expect((await ask(url, 'GET', ME)).status).toBe(200);
  expect((await ask(url, 'POST', '/__sandbox/rate-limit', { requests: -1, periodMs: 1 })).status).toBe(422);
});

test('a switch that does not exist is 404, a body that is not JSON 400', async () => {
  const { url } = await contact2sale();
  expect((await ask(url, 'GET', '/__sandbox/nothing')).json).toEqual({ error: 'no such switch' });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${url}/__sandbox/faults`, { method: 'POST', headers, body: '{' })).status).toBe(400);
});
