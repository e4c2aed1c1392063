import { expect, test } from 'vitest';
import { ask, contact2sale } from './harness.ts';

const ME = '/integration/me';

test('there is no limit unless one is set', async () => {
  const { url } = await contact2sale();
  for (let n = 0; n < 60; n += 1) expect((await ask(url, 'GET', ME)).status).toBe(200);
});

test('beyond the limit the answer is 429 with the seconds until the window ends, then all is well again', async () => {
  let time = 1_000_000;
  const { url } = await contact2sale({ rateLimit: { requests: 2, periodMs: 60_000 }, now: () => time });
  expect((await ask(url, 'GET', ME)).status).toBe(200);
  time += 500;
  expect((await ask(url, 'GET', ME)).status).toBe(200);
  const refused = await ask(url, 'GET', ME);
  expect([refused.status, refused.json]).toEqual([429, { error: 'too many requests' }]);
  expect(refused.headers.get('retry-after')).toBe('60');
  time += 30_000;
  expect((await ask(url, 'GET', ME)).headers.get('retry-after')).toBe('30');
  time += 29_500;
  expect((await ask(url, 'GET', ME)).status).toBe(200);
});

test('a refused request changes nothing, but it was received', async () => {
  const { url, crm, received } = await contact2sale({ rateLimit: { requests: 0, periodMs: 1_000 } });
  expect((await ask(url, 'POST', '/integration/tags', { name: 'late' })).status).toBe(429);
  expect([crm.tags.size, received.length]).toEqual([3, 1]);
});
