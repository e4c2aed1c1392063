import { describe, expect, it } from 'vitest';
import { closeLater, start } from './started.ts';
import { closedPort, startUpstream } from './upstream-fixture.ts';

describe('GET /leads/resolve-source', () => {
  it('is asked of the ads gateway, without the Contact2Sale token', async () => {
    const ads = closeLater(await startUpstream());
    const { gateway, c2s } = await start({ adsGatewayUrl: ads.url });
    ads.answer = { status: 200, body: '{"source":"google"}' };
    const response = await fetch(`${gateway.url}/leads/resolve-source?google_lead_id=g%2F1&form_id=`);
    expect([response.status, await response.json()]).toEqual([200, { source: 'google' }]);
    expect(ads.received.map(({ url }) => url)).toEqual(['/leads/resolve-source?google_lead_id=g%2F1']);
    expect(ads.received[0]?.headers.authorization).toBeUndefined();
    expect(c2s.received).toHaveLength(0);
  });

  it('is a 503 problem when no ads gateway is configured', async () => {
    const { gateway, c2s } = await start();
    const response = await fetch(`${gateway.url}/leads/resolve-source?form_id=1`);
    expect([response.status, await response.json()]).toMatchObject([503, { type: 'urn:c2s-gateway:not-configured' }]);
    expect(c2s.received).toHaveLength(0);
  });

  it('is a 502 problem without an address when the ads gateway is away', async () => {
    const port = await closedPort();
    const { gateway } = await start({ adsGatewayUrl: `http://127.0.0.1:${port}` });
    const response = await fetch(`${gateway.url}/leads/resolve-source`);
    const text = await response.text();
    expect([response.status, text.includes(String(port))]).toEqual([502, false]);
  });
});
