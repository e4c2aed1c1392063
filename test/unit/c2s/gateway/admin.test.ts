import { describe, expect, it } from 'vitest';
import { GATEWAY_OPERATIONS, startGateway } from '../../../../src/c2s/gateway/index.ts';
import { closeLater, post, start } from './started.ts';
import { startUpstream } from './upstream-fixture.ts';

describe('the admin listener', () => {
  it('has a series at 0 for every operation from the start', async () => {
    const { gateway } = await start({ admin: { port: 0 } });
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    for (const { id } of GATEWAY_OPERATIONS) {
      expect(text).toContain(`gateway_requests_total{operation="${id}",status="5xx"} 0`);
    }
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('counts by operation and class of status, never by path', async () => {
    const { gateway, c2s } = await start({ admin: { port: 0 } });
    c2s.respond = ({ url }, response) => response.writeHead(url.endsWith('gone') ? 404 : 200).end('{}');
    await fetch(`${gateway.url}/leads/l1`);
    await fetch(`${gateway.url}/leads/gone`);
    await fetch(`${gateway.url}/secret-path-17`);
    await post(`${gateway.url}/leads/l1/messages`, '{}');
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(text).toContain('gateway_requests_total{operation="leads.get",status="2xx"} 1');
    expect(text).toContain('gateway_requests_total{operation="leads.get",status="4xx"} 1');
    expect(text).toContain('gateway_requests_total{operation="none",status="4xx"} 1');
    expect(text).toContain('gateway_requests_total{operation="leads.messages.create",status="4xx"} 1');
    expect(text).toContain('gateway_upstream_attempts_total{result="answered"} 2');
    expect(text).toContain('gateway_request_duration_seconds_count{operation="leads.get"} 2');
    expect(text).not.toContain('secret-path-17');
  });

  it.each(['/healthz', '/readyz', '/metrics', '/campaigns/unmapped'])(
    'answers HEAD of %s without a body',
    async (path) => {
      const { gateway } = await start({ admin: { port: 0 } });
      const response = await fetch(gateway.adminUrl + path, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
    },
  );

  it('is not where the callers are, nor are they here', async () => {
    const { gateway } = await start({ admin: { port: 0 } });
    for (const path of ['/metrics', '/readyz', '/healthz']) {
      expect((await fetch(gateway.url + path)).status).toBe(404);
      expect((await fetch(gateway.adminUrl + path)).status).toBe(200);
    }
    expect((await fetch(`${gateway.adminUrl}/leads`)).status).toBe(404);
    expect((await fetch(`${gateway.adminUrl}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  it('is not ready without a token', async () => {
    const c2s = closeLater(await startUpstream());
    const gateway = closeLater(await startGateway({ port: 0, c2sBaseUrl: c2s.url, admin: { port: 0 } }));
    const response = await fetch(`${gateway.adminUrl}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'not ready', reasons: ['no Contact2Sale token is configured'] },
    ]);
  });

  it('leaves nothing open when its port is taken', async () => {
    const c2s = closeLater(await startUpstream());
    const port = Number(new URL(c2s.url).port);
    await expect(startGateway({ port: 0, c2sBaseUrl: c2s.url, admin: { port } })).rejects.toThrow('EADDRINUSE');
  });
});
