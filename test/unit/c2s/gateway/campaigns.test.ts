import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCampaigns } from '../../../../src/c2s/gateway/campaigns.ts';
import { JSON_SCHEMAS, schemaText } from '../../../../src/c2s/gateway/json-schema.ts';
import { post, start, until } from './started.ts';

const MAPPED = {
  campaign_name: 'Jardim Sul',
  property: { description: 'Apartamento', prop_ref: 'R1', price: 1000, price_display: 'R$ 1.000', city: 'São Paulo' },
  lead_source: { id: 7, name: 'Google' },
  product_details: { features: ['varanda', 'piscina'] },
  message_template: '{name} quer {description} em {city}: {features}. {lead_id}{email}',
  internal_note: 'kept',
};
const MAPPING = {
  mapping_version: '3',
  default_lead_source: { id: 1, name: 'Anúncio' },
  google_ads_campaigns: { '77': MAPPED, '78': { campaign_name: 'Sem modelo', property: { description: 'Casa' } } },
};

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  file = join(folder, 'campaigns.json');
  writeFileSync(file, JSON.stringify(MAPPING));
});
afterEach(() => rm(folder, { recursive: true }));

const withCampaigns = () => start({ campaignsFile: file, watchIntervalMs: 20, admin: { port: 0 } });

describe('campaign enrichment', () => {
  it('makes a lead of a person and a mapped campaign, and creates nothing', async () => {
    const { gateway, c2s } = await withCampaigns();
    const body = '{"name":"Ana","email":"a@example.com","campaign_id":77,"lead_id":"L9","url":"https://example.com"}';
    const response = await post(`${gateway.url}/campaigns/enrich`, body);
    expect(await response.json()).toEqual({
      mapped: true,
      mapping_version: '3',
      lead: {
        customer: { name: 'Ana', email: 'a@example.com' },
        product: { description: 'Apartamento', prop_ref: 'R1', price: 1000 },
        lead_source: { id: 7, name: 'Google' },
        body: 'Ana quer Apartamento em São Paulo: varanda, piscina. L9a@example.com',
        url: 'https://example.com',
      },
    });
    expect(c2s.received).toHaveLength(0);
  });

  it('makes a plain body with the ids and the default source of an unmapped campaign', async () => {
    const { gateway } = await withCampaigns();
    const response = await post(`${gateway.url}/campaigns/enrich`, '{"name":"Ana","campaign_id":"99","lead_id":"L9"}');
    expect(await response.json()).toMatchObject({
      mapped: false,
      lead: { product: {}, lead_source: { id: 1, name: 'Anúncio' }, body: 'Campanha: 99\nLead: L9' },
    });
  });

  it('fills in what the creator of a lead left out, and only that', async () => {
    const { gateway, c2s } = await withCampaigns();
    await post(`${gateway.url}/leads`, '{"customer":"Ana","campaign_id":"77","lead_id":"L9","x":1e3}');
    await post(
      `${gateway.url}/leads`,
      '{"customer":"Ana","campaign_id":"77","product":"P","description":"D","source":"S"}',
    );
    await post(`${gateway.url}/leads`, '{"customer":"Ana","campaign_id":"99"}');
    expect(c2s.received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      {
        customer: 'Ana',
        product: 'Apartamento',
        source: 'Google',
        description: 'Ana quer Apartamento em São Paulo: varanda, piscina. L9',
        x: 1000,
      },
      { customer: 'Ana', product: 'P', description: 'D', source: 'S' },
      { customer: 'Ana', description: 'Campanha: 99', source: 'Anúncio' },
    ]);
    expect(c2s.received[0]?.body).toContain('"x":1e3');
  });

  it('leaves a lead without a campaign alone', async () => {
    const { gateway, c2s } = await withCampaigns();
    await post(`${gateway.url}/leads`, '{"customer":"Ana","lead_id":"mine"}');
    expect(JSON.parse(c2s.received[0]?.body ?? '')).toEqual({ customer: 'Ana', lead_id: 'mine' });
  });

  it('says what is known of a campaign, and 404 of what is not', async () => {
    const { gateway } = await withCampaigns();
    const known = await fetch(`${gateway.url}/campaigns/77`);
    expect(await known.json()).toEqual({ campaign_id: '77', mapping_version: '3', ...MAPPED });
    for (const id of ['99', 'constructor', '__proto__']) {
      const response = await fetch(`${gateway.url}/campaigns/${id}`);
      expect([response.status, await response.json()]).toEqual([404, { detail: 'Campaign not found' }]);
    }
  });

  it('counts unmapped campaigns until somebody maps them', async () => {
    const { gateway } = await withCampaigns();
    for (const id of ['99', '99', '77']) {
      await post(`${gateway.url}/campaigns/enrich`, `{"name":"Ana","campaign_id":"${id}"}`);
    }
    const unmapped = async (): Promise<unknown> => (await fetch(`${gateway.adminUrl}/campaigns/unmapped`)).json();
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain('gateway_campaign_lookups_total{result="mapped"} 1');
    expect(metrics).toContain('gateway_campaign_lookups_total{result="unmapped"} 2');
    expect(await unmapped()).toEqual({ 99: 2 });
    const campaigns = { ...MAPPING.google_ads_campaigns, '99': { campaign_name: 'Nova' } };
    writeFileSync(file, JSON.stringify({ ...MAPPING, google_ads_campaigns: campaigns }));
    await until('the new mapping is read', async () => (await fetch(`${gateway.url}/campaigns/99`)).status === 200);
    expect(await unmapped()).toEqual({});
  });

  it('keeps the old mapping when the new one is broken', async () => {
    const { gateway } = await withCampaigns();
    for (const text of ['{', '{"google_ads_campaigns":{"1":{"message_template":"{nome}"}}}']) {
      writeFileSync(file, text);
      await gateway.reload();
    }
    expect((await fetch(`${gateway.url}/campaigns/77`)).status).toBe(200);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    // The watcher may have seen one of them, too.
    expect(metrics).toMatch(/gateway_config_reloads_total\{file="campaigns",result="refused"\} [2-4]\n/);
  });

  it('does not start with a broken mapping, and says where it is broken', async () => {
    writeFileSync(file, '{"google_ads_campaigns":{"1":{"message_template":"Olá {nome}"}}}');
    await expect(withCampaigns()).rejects.toThrow(
      /unknown placeholder; known are name, email[\s\S]*google_ads_campaigns\.1\.message_template/,
    );
  });
});

describe('the campaign files of this repository', () => {
  const root = join(import.meta.dirname, '../../../..');

  it('hold a mapping that loads', () => {
    const mapping = parseCampaigns(readFileSync(join(root, 'config/campaigns.json'), 'utf8'));
    expect(Object.keys(mapping.google_ads_campaigns)).not.toHaveLength(0);
  });

  it.each(Object.keys(JSON_SCHEMAS) as (keyof typeof JSON_SCHEMAS)[])('hold %s as it is generated', (name) => {
    expect(readFileSync(join(root, name), 'utf8')).toBe(schemaText(name));
  });
});
