import { afterEach, describe, expect, it } from 'vitest';
import { startGateway } from '../../../src/gateway/index.ts';
import type { Gateway, GatewayOptions } from '../../../src/gateway/index.ts';
import { closedPort, startUpstream } from './upstream-fixture.ts';
import type { UpstreamFixture } from './upstream-fixture.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; c2s: UpstreamFixture }> {
  const c2s = await startUpstream();
  closing.push(c2s);
  const gateway = await startGateway({ port: 0, c2sBaseUrl: c2s.url, c2sToken: 'secret', ...options });
  closing.push(gateway);
  return { gateway, c2s };
}

const send = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

describe('the gateway service', () => {
  it('passes a lead through byte by byte, asked with its own token', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 200, body: '{"data":{"id":"l1","n":12345678901234567890,"x":1e3}}' };
    const response = await fetch(`${gateway.url}/leads/l1`, { headers: { authorization: 'Bearer caller' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(c2s.answer.body);
    expect(c2s.received).toMatchObject([
      { method: 'GET', url: '/integration/leads/l1', headers: { authorization: 'Bearer secret' } },
    ]);
  });

  it('sends a message as `body`, unknown fields and number spellings kept, and answers 200 for 201', async () => {
    const { gateway, c2s } = await start();
    c2s.answer = { status: 201, body: '{"ok":true}' };
    const response = await send(
      `${gateway.url}/leads/l1/messages`,
      '{"message":"oi","n":12345678901234567890,"e":1e3}',
    );
    expect(response.status).toBe(200);
    expect(c2s.received[0]?.body).toBe('{"n":12345678901234567890,"e":1e3,"body":"oi"}');
  });

  it.each([400, 401, 403, 404, 422, 429, 500, 503])(
    'passes the true status %i and body of Contact2Sale',
    async (status) => {
      const { gateway, c2s } = await start();
      c2s.answer = { status, body: '{"error":"so it is"}', headers: { 'retry-after': '7' } };
      const response = await fetch(`${gateway.url}/leads/l1`);
      expect(response.status).toBe(status);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(await response.text()).toBe('{"error":"so it is"}');
    },
  );

  it('answers 502 and says that nothing was sent when the connection is refused', async () => {
    const port = await closedPort();
    const gateway = await startGateway({ port: 0, c2sBaseUrl: `http://127.0.0.1:${port}`, c2sToken: 'x' });
    closing.push(gateway);
    const response = await send(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:c2s-gateway:unreachable', status: 502, outcome: 'unsent' });
    expect(text).not.toContain(String(port));
  });

  it('answers 504 when Contact2Sale is silent, and sends a write once', async () => {
    const { gateway, c2s } = await start({ deadline: 150 });
    c2s.silent = true;
    const response = await send(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ type: 'urn:c2s-gateway:deadline', outcome: 'unknown' });
    expect(c2s.received).toHaveLength(1);
  });

  it('sends a write once and a read twice when the connection is lost', async () => {
    const { gateway, c2s } = await start();
    c2s.reset = true;
    const write = await send(`${gateway.url}/leads/l1/messages`, '{"message":"oi"}');
    expect([write.status, await write.json()]).toMatchObject([502, { outcome: 'unknown' }]);
    expect(c2s.received.splice(0)).toHaveLength(1);
    expect((await fetch(`${gateway.url}/leads/l1`)).status).toBe(502);
    expect(c2s.received).toHaveLength(2);
  });

  it('keeps one connection for requests that follow each other', async () => {
    const { gateway, c2s } = await start();
    for (let i = 0; i < 5; i++) await (await fetch(`${gateway.url}/leads/l${i}`)).text();
    expect(c2s.received).toHaveLength(5);
    expect(c2s.connections).toBe(1);
  });

  it('refuses to listen beyond loopback without caller keys', async () => {
    await expect(startGateway({ host: '0.0.0.0', port: 0, c2sBaseUrl: 'http://127.0.0.1:1' })).rejects.toThrow(
      /no caller keys/,
    );
  });

  it('lets a request under way finish when it closes', async () => {
    const { gateway, c2s } = await start();
    c2s.silent = true;
    const pending = fetch(`${gateway.url}/leads/l1`);
    await c2s.until(1);
    const closed = gateway.close();
    c2s.release();
    expect((await pending).status).toBe(200);
    await closed;
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow();
    closing.splice(closing.indexOf(gateway), 1);
  });
});
