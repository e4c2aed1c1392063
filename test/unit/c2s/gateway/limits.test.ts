import { describe, expect, it } from 'vitest';
import { post, start } from './started.ts';

describe('the limits in front of Contact2Sale', () => {
  it('answer 503 with Retry-After once the rate budget is spent and waiting would take too long', async () => {
    const { gateway, c2s } = await start({ rateBudget: { requests: 2, periodMs: 60_000, maxWaitMs: 50 } });
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) statuses.push((await fetch(`${gateway.url}/leads/l1`)).status);
    const response = await post(`${gateway.url}/leads/l1/messages`, '{"message":"x"}');
    expect([...statuses, response.status]).toEqual([200, 200, 503]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(await response.json()).toMatchObject({ type: 'urn:c2s-gateway:rate-budget', outcome: 'unsent' });
    expect(c2s.received).toHaveLength(2);
  });

  it('let a request wait for the next period of the budget', async () => {
    const { gateway, c2s } = await start({
      rateBudget: { requests: 2, periodMs: 300, maxWaitMs: 5_000 },
      admin: { port: 0 },
    });
    const began = performance.now();
    const answers = await Promise.all([1, 2, 3, 4, 5].map((i) => fetch(`${gateway.url}/leads/l${i}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(performance.now() - began).toBeGreaterThan(550);
    expect(c2s.received).toHaveLength(5);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain('gateway_rate_budget_wait_seconds_count 5');
  });

  it('send nothing for a caller that left while it waited', async () => {
    const { gateway, c2s } = await start({ rateBudget: { requests: 1, periodMs: 300, maxWaitMs: 5_000 } });
    await fetch(`${gateway.url}/leads/l1`);
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', body: '{"message":"x"}', headers, signal: leaving.signal };
    const pending = fetch(`${gateway.url}/leads/l1/messages`, options);
    setTimeout(() => leaving.abort(), 50);
    await expect(pending).rejects.toThrow();
    expect((await fetch(`${gateway.url}/tags`)).status).toBe(200);
    expect(c2s.received.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('answer 503 to what is more than may be under way', async () => {
    const { gateway, c2s } = await start({ maxInflight: 2 });
    c2s.silent = true;
    const pending = [1, 2].map((i) => fetch(`${gateway.url}/leads/l${i}`));
    await c2s.until(2);
    const third = await fetch(`${gateway.url}/leads/l3`);
    expect([third.status, await third.json()]).toMatchObject([
      503,
      { type: 'urn:c2s-gateway:busy', outcome: 'unsent' },
    ]);
    c2s.release();
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual([200, 200]);
  });
});
