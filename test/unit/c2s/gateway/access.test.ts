import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('are read again from their file, which may not become empty', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
    const file = join(folder, 'callers.json');
    const write = (...rows: unknown[]): void => writeFileSync(file, JSON.stringify({ callers: rows }));
    write(callers[0]);
    const { gateway } = await start({ callersFile: file, watchIntervalMs: 3_600_000 });
    const status = async (key: string): Promise<number> =>
      (await fetch(`${gateway.url}/leads/l1`, { headers: as(key) })).status;
    expect([await status('key-of-the-facade'), await status('key-of-the-reports')]).toEqual([200, 401]);
    write(callers[1]);
    await gateway.reload();
    expect([await status('key-of-the-facade'), await status('key-of-the-reports')]).toEqual([401, 200]);
    write();
    await gateway.reload();
    expect([await status('none'), await status('key-of-the-reports')]).toEqual([401, 200]);
    await rm(folder, { recursive: true });
  });

  it('get their keys from mint-key, which shows the key once and its hash for the file', async () => {
    const script = join(import.meta.dirname, '../../../../src/c2s/gateway/mint-key.ts');
    const { stdout } = spawnSync(process.execPath, [script, 'facade', 'read'], { encoding: 'utf8' });
    const key = /(c2sg_\S+)/.exec(stdout)?.[1] ?? '';
    expect(key).toMatch(/^c2sg_[\w-]{43}$/);
    expect(JSON.parse(/(\{.*\})/.exec(stdout)?.[1] ?? '')).toEqual({
      name: 'facade',
      sha256: hash('sha256', key),
      access: 'read',
    });
    expect(spawnSync(process.execPath, [script, 'facade', 'all']).status).toBe(2);
  });
});
