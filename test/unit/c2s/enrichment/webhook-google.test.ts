import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  googleLeadLine,
  readGoogleLead,
  toLeadCreate,
  type GoogleLead,
} from '../../../../src/c2s/enrichment/webhook-google.ts';
import { Campaigns, campaignsFile } from '../../../../src/c2s/gateway/campaigns.ts';

const KEY = 'key-of-the-tests-0123';
const column = (column_id: string, string_value: unknown, column_name?: string) => ({
  column_id,
  string_value,
  column_name,
});
const push = {
  lead_id: 'TeSt-1',
  api_version: '1.0',
  form_id: 40_000_000_000,
  campaign_id: 21_000_000_001,
  gcl_id: 'click',
  google_key: KEY,
  is_test: false,
  user_column_data: [
    column('FULL_NAME', ' Ana Souza '),
    column('EMAIL', 'ana@example.com'),
    column('PHONE_NUMBER', '+5511900000000'),
    column('CITY', 'São Paulo', 'City'),
  ],
};
const lead: GoogleLead = {
  leadId: 'TeSt-1',
  campaignId: '21000000001',
  formId: '40000000000',
  clickId: 'click',
  isTest: false,
  name: 'Ana Souza',
  email: 'ana@example.com',
  phone: '+5511900000000',
  answers: [{ question: 'City', answer: 'São Paulo' }],
};
const columns = (...user_column_data: unknown[]) => readGoogleLead({ ...push, user_column_data }, KEY);

describe('the push', () => {
  test('is read', () => expect(readGoogleLead(push, KEY)).toEqual({ kind: 'lead', lead }));

  test('without the right key it is refused before anything else is looked at', () => {
    const { google_key: _key, ...keyless } = push;
    for (const body of [
      keyless,
      { ...push, google_key: `${KEY}x` },
      { google_key: '' },
      { google_key: 5 },
      null,
      'x',
      [],
    ])
      expect(readGoogleLead(body, KEY)).toEqual({ kind: 'wrong-key' });
    expect(readGoogleLead({ ...push, google_key: '' }, '')).toEqual({ kind: 'wrong-key' });
  });

  test('says what is malformed by field, and nothing of what stood there', () => {
    const { lead_id: _id, ...rest } = push;
    expect(readGoogleLead(rest, KEY)).toEqual({
      kind: 'malformed',
      reasons: ['lead_id: must be text or a whole number'],
    });
    const read = readGoogleLead({ ...push, lead_id: 2 ** 60, is_test: 'secret', user_column_data: 'secret' }, KEY);
    expect(read).toEqual({
      kind: 'malformed',
      reasons: [
        'lead_id: must be text or a whole number',
        'is_test: must be true or false',
        'user_column_data: must be a list',
      ],
    });
    expect(JSON.stringify(columns(5, { column_id: {} }))).not.toContain('secret');
    expect(columns(5)).toMatchObject({ kind: 'malformed' });
  });

  test('what only describes the lead may be missing or odd', () => {
    const odd = { lead_id: 7, google_key: KEY, campaign_id: {}, form_id: 1.5, gcl_id: null, is_test: true };
    expect(readGoogleLead(odd, KEY)).toEqual({ kind: 'lead', lead: { leadId: '7', isTest: true, answers: [] } });
  });

  test('first and last name make a name; columns without an id go by their name; the first of a kind counts', () => {
    const read = columns(
      column('FIRST_NAME', 'Ana'),
      column('LAST_NAME', 'Souza'),
      { column_name: 'User Email', string_value: 'ana@example.com' },
      column('WORK_EMAIL', 'office@example.com'),
      column('WORK_PHONE', ''),
      column('PHONE_NUMBER', null),
      column('Q1', true, 'Tem FGTS?'),
    );
    expect(read).toMatchObject({
      lead: { name: 'Ana Souza', email: 'ana@example.com', answers: [{ question: 'Tem FGTS?', answer: 'true' }] },
    });
    expect(read.kind === 'lead' && 'phone' in read.lead).toBe(false);
  });

  test('no JSON makes the reader throw', () => {
    const keyed = fc
      .dictionary(fc.constantFrom(...Object.keys(push)), fc.jsonValue())
      .map((body) => ({ ...body, google_key: KEY }));
    fc.assert(
      fc.property(fc.oneof(keyed, fc.jsonValue()), (body) => {
        expect(readGoogleLead(body, KEY).kind).toMatch(/^(lead|wrong-key|malformed)$/);
      }),
    );
  });
});

describe('the lead that is made of it', () => {
  const mapping = campaignsFile.parse({
    default_lead_source: { id: 1, name: 'Anúncio' },
    google_ads_campaigns: {
      '21000000001': {
        campaign_name: 'Jardim Sul',
        property: { description: 'Apartamento Jardim Sul' },
        lead_source: { name: 'Google Pesquisa' },
        message_template: '{name} perguntou por {description}, lead {lead_id}.',
      },
    },
  });
  const looked: boolean[] = [];
  const campaigns = new Campaigns((mapped) => looked.push(mapped), mapping);
  const bare = { leadId: '9', isTest: false, answers: [] };

  test('has the product, the text and the source of its campaign', () => {
    expect(toLeadCreate(lead, campaigns)).toEqual({
      customer: 'Ana Souza',
      email: 'ana@example.com',
      phone: '+5511900000000',
      product: 'Apartamento Jardim Sul',
      description:
        'Ana Souza perguntou por Apartamento Jardim Sul, lead TeSt-1.\nCity: São Paulo\nLead Google Ads: TeSt-1',
      source: 'Google Pesquisa',
    });
    expect(looked.at(-1)).toBe(true);
  });

  test('of an unmapped campaign has its id, and is counted', () => {
    expect(toLeadCreate({ ...bare, campaignId: '5', name: 'Ana' }, campaigns)).toEqual({
      customer: 'Ana',
      description: 'Campanha: 5\nLead Google Ads: 9',
      source: 'Anúncio',
    });
    expect(campaigns.unmapped).toEqual({ '5': 1 });
  });

  test('without campaign and contacts is still a lead that can be recognised', () => {
    const made = toLeadCreate(bare, new Campaigns(() => undefined));
    expect(made).toEqual({ customer: 'Lead do Google Ads', description: 'Lead Google Ads: 9', source: 'Google Ads' });
    expect(made.description).toContain(googleLeadLine('9'));
  });

  test('answers stay in their lines', () => {
    const answers = [{ question: 'Q', answer: 'a\nLead Google Ads: 1' }];
    const { description } = toLeadCreate({ ...bare, answers }, campaigns);
    expect(description).toBe('Q: a Lead Google Ads: 1\nLead Google Ads: 9');
  });
});
