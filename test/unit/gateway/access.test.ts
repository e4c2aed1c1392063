import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { post, start } from './started.ts';

const callers = [
  { name: 'facade', sha256: hash('sha256', 'key-of-the-facade'), access: 'full' },
  { name: 'reports', sha256: hash('sha256', 'key-of-the-reports').toUpperCase(), access: 'read' },
] as const;
const as = (key: string) => ({ authorization: `Bearer ${key}` });

describe('callers', () => {
  it('are known by a bearer key or an X-Api-Key', async () => {
    const { gateway } = await start({ callers });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${gateway.url}/leads/l1`, { headers })).status;
    expect(await status(as('key-of-the-facade'))).toBe(200);
    expect(await status({ 'x-api-key': 'key-of-the-reports' })).toBe(200);
    expect(await status({ authorization: 'bearer  key-of-the-facade' })).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong key', as('key')],
    ["a key's hash", as(callers[0].sha256)],
    ['another scheme', { authorization: 'Basic key-of-the-facade' }],
    ['an empty key', { 'x-api-key': '' }],
  ])('are refused with 401 for %s, and nothing is sent', async (_name, headers) => {
    const { gateway, c2s } = await start({ callers });
    const response = await fetch(`${gateway.url}/leads/l1`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ type: 'urn:c2s-gateway:caller-unknown' });
    expect(c2s.received).toHaveLength(0);
  });

  it('that may only read are refused every write with 403', async () => {
    const { gateway, c2s } = await start({ callers });
    const key = as('key-of-the-reports');
    expect((await post(`${gateway.url}/leads/l1/messages`, '{"message":"x"}', key)).status).toBe(403);
    expect((await post(`${gateway.url}/leads/l1/mark-interacted`, '', key)).status).toBe(403);
    expect((await post(`${gateway.url}/campaigns/enrich`, '{"name":"x","campaign_id":"1"}', key)).status).toBe(200);
    expect((await fetch(`${gateway.url}/leads`, { headers: key })).status).toBe(200);
    expect(c2s.received.map(({ method }) => method)).toEqual(['GET']);
  });

  it('need no key for what says nothing of the CRM', async () => {
    const { gateway } = await start({ callers });
    for (const path of ['/', '/health', '/openapi.json', '/docs']) {
      expect((await fetch(gateway.url + path)).status).toBe(200);
    }
  });

  it('never have their key sent on', async () => {
    const { gateway, c2s } = await start({ callers });
    await fetch(`${gateway.url}/leads/l1`, { headers: { ...as('key-of-the-facade'), cookie: 'a=b' } });
    expect(JSON.stringify(c2s.received)).not.toContain('key-of-the-facade');
    expect(c2s.received[0]?.headers.cookie).toBeUndefined();
  });
});
