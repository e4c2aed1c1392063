import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Tokens } from '../../../../src/c2s/gateway/tokens.ts';
import { post, start, until } from './started.ts';
import type { UpstreamFixture } from './upstream-fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Contact2Sale with a list of tokens that it takes. */
function accept(c2s: UpstreamFixture, ...tokens: string[]): void {
  refuseOthers(c2s, 401, tokens);
}

function refuseOthers(c2s: UpstreamFixture, refusal: number, tokens: readonly string[]): void {
  c2s.respond = ({ headers }, response) => {
    const known = tokens.some((token) => headers.authorization === `Bearer ${token}`);
    response
      .writeHead(known ? 200 : refusal, { 'content-type': 'application/json' })
      .end(known ? '{}' : '{"error":"no"}');
  };
}

const usedTokens = (c2s: UpstreamFixture): unknown[] => c2s.received.map(({ headers }) => headers.authorization);

describe('the Contact2Sale token', () => {
  it('may be two, and what one is refused for goes again with the other, writes too', async () => {
    const { gateway, c2s } = await start({ c2sToken: ['old', 'new'] });
    accept(c2s, 'new');
    expect((await post(`${gateway.url}/leads/l1/messages`, '{"message":"x"}')).status).toBe(200);
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(200);
    expect(usedTokens(c2s)).toEqual(['Bearer old', 'Bearer new', 'Bearer new']);
  });

  it('that is refused is told to the caller, on /readyz and in a metric, until it is taken again', async () => {
    const { gateway, c2s } = await start({ c2sToken: 'old', admin: { port: 0 } });
    const ready = async () => (await fetch(`${gateway.adminUrl}/readyz`)).json();
    const metric = async () =>
      (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).match(/^gateway_c2s_token_refused (\d)/m)?.[1];
    expect([await ready(), await metric()]).toEqual([{ status: 'ready', reasons: [] }, '0']);
    accept(c2s);
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect([response.status, await response.json()]).toEqual([401, { error: 'no' }]);
    expect([await ready(), await metric()]).toMatchObject([{ status: 'not ready' }, '1']);
    accept(c2s, 'old');
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(200);
    expect([await ready(), await metric()]).toMatchObject([{ status: 'ready' }, '0']);
  });

  it('that is refused with 403 is passed over as with 401, for writes too', async () => {
    const { gateway, c2s } = await start({ c2sToken: ['old', 'new'], admin: { port: 0 } });
    refuseOthers(c2s, 403, ['new']);
    expect((await post(`${gateway.url}/leads/l1/messages`, '{"message":"x"}')).status).toBe(200);
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(200);
    const written = c2s.received.filter(({ method }) => method === 'POST').map(({ headers }) => headers.authorization);
    expect(written).toEqual(['Bearer old', 'Bearer new']);
    expect(usedTokens(c2s).at(-1)).toBe('Bearer new');
  });

  it.each(['/leads/l1', '/company/me'])('that is refused with 403 everywhere is a 401, asked for %s', async (path) => {
    const { gateway, c2s } = await start({ c2sToken: 'old', admin: { port: 0 } });
    refuseOthers(c2s, 403, []);
    const response = await fetch(gateway.url + path);
    expect([response.status, await response.json()]).toEqual([401, { error: 'no' }]);
    const ready = await fetch(`${gateway.adminUrl}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringContaining('refuses every configured token'),
    ]);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain('gateway_c2s_unauthorized_total 1');
    expect(metrics).toContain('gateway_c2s_token_refused 1');
  });

  it('is not refused by a 403 to one request: that is the caller’s answer, and the gateway stays ready', async () => {
    const { gateway, c2s } = await start({ c2sToken: ['one', 'two'], admin: { port: 0 } });
    c2s.respond = ({ url }, response) =>
      response
        .writeHead(url === '/integration/me' ? 200 : 403, { 'content-type': 'application/json' })
        .end('{"error":"not yours"}');
    const response = await fetch(`${gateway.url}/leads/l1`);
    expect([response.status, await response.json()]).toEqual([403, { error: 'not yours' }]);
    expect(usedTokens(c2s)).toEqual(['Bearer one', 'Bearer one']);
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
  });

  it('is not judged where the check of a 403 gets no answer', async () => {
    const { gateway, c2s } = await start({ c2sToken: 'one', admin: { port: 0 } });
    c2s.respond = ({ url }, response) =>
      url === '/integration/me'
        ? response.destroy()
        : response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":"not yours"}');
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(403);
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
  });

  it('is rotated by its file without a restart', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, '# the only one\nold\n');
    const { gateway, c2s } = await start({ c2sTokenFile: file, watchIntervalMs: 20 });
    await fetch(`${gateway.url}/leads/l1`);
    writeFileSync(join(folder, 'next'), 'new\nold\n');
    renameSync(join(folder, 'next'), file);
    await until('the new token is used', async () => {
      await fetch(`${gateway.url}/leads/l1`);
      return c2s.received.at(-1)?.headers.authorization === 'Bearer new';
    });
    expect(c2s.received[0]?.headers.authorization).toBe('Bearer old');
  });

  it('is read again on reload, and a file without a token changes nothing', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'old');
    const { gateway, c2s } = await start({ c2sTokenFile: file, watchIntervalMs: 3_600_000, admin: { port: 0 } });
    writeFileSync(file, '\n');
    await gateway.reload();
    writeFileSync(file, 'a token with spaces\n');
    await gateway.reload();
    await fetch(`${gateway.url}/leads/l1`);
    writeFileSync(file, 'new');
    await gateway.reload();
    await fetch(`${gateway.url}/leads/l1`);
    expect(usedTokens(c2s)).toEqual(['Bearer old', 'Bearer new']);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain('gateway_config_reloads_total{file="tokens",result="refused"} 2');
    expect(metrics).toContain('gateway_config_reloads_total{file="tokens",result="ok"} 1');
  });

  it('falls back to the first when all were refused', () => {
    const tokens = new Tokens(['a', 'b', 'a', '']);
    expect(tokens.refuse('a')).toBe('b');
    expect(tokens.refuse('b')).toBeUndefined();
    expect([tokens.current, tokens.state]).toEqual(['a', 'refused']);
    tokens.replace(['b', 'c']);
    expect([tokens.current, tokens.state]).toEqual(['c', 'accepted']);
    tokens.replace([]);
    expect([tokens.current, tokens.state]).toEqual([undefined, 'missing']);
  });
});
