import { describe, expect, test } from 'vitest';
import {
  googleLeadLine,
  newLeadOf,
  withDefaults,
  toLeadCreate,
  type NewLeadSettings,
} from '../../../../src/c2s/enrichment/google-lead.ts';
import type { GoogleLead } from '../../../../src/c2s/enrichment/webhook-google.ts';
import { parseCpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { Campaigns, campaignsFile } from '../../../../src/c2s/gateway/campaigns.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const lead: GoogleLead = {
  leadId: 'TeSt-1',
  campaignId: '21000000001',
  formId: '40000000000',
  clickId: 'click',
  isTest: false,
  name: 'Ana Souza',
  emails: ['ana@example.com'],
  phones: ['+5511900000000'],
  answers: [{ question: 'City', answer: 'São Paulo' }],
};

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
  const bare = { leadId: '9', isTest: false, emails: [], phones: [], answers: [] };
  const plain: NewLeadSettings = { campaigns, maxLength: 5_000 };

  test('has the product, the text and the source of its campaign', () => {
    expect(toLeadCreate(lead, plain)).toEqual({
      customer: 'Ana Souza',
      email: 'ana@example.com',
      phone: '+5511900000000',
      product: 'Apartamento Jardim Sul',
      description:
        'Ana Souza perguntou por Apartamento Jardim Sul, lead TeSt-1.\nFormulário ID: 40000000000\nGCLID: click\nCity: São Paulo\nLead Google Ads: TeSt-1',
      source: 'Google Pesquisa',
    });
    expect(looked.at(-1)).toBe(true);
  });

  test('of an unmapped campaign has its id, and is counted', () => {
    expect(toLeadCreate({ ...bare, campaignId: '5', name: 'Ana' }, plain)).toEqual({
      customer: 'Ana',
      description: 'Campanha: 5\nLead Google Ads: 9',
      source: 'Anúncio',
    });
    expect(campaigns.unmapped).toEqual({ '5': 1 });
  });

  test('without campaign and contacts is still a lead that can be recognised', () => {
    const made = toLeadCreate(bare, { ...plain, campaigns: new Campaigns(() => undefined) });
    expect(made).toEqual({ customer: 'Lead do Google Ads', description: 'Lead Google Ads: 9', source: 'Google Ads' });
    expect(made.description).toContain(googleLeadLine('9'));
  });

  test('answers stay in their lines', () => {
    const answers = [{ question: 'Q', answer: 'a\nLead Google Ads: 1' }];
    const { description } = toLeadCreate({ ...bare, answers }, plain);
    expect(description).toBe('Q: a Lead Google Ads: 1\nLead Google Ads: 9');
  });

  test('goes to the default seller, as a purchase', () => {
    const kept = toLeadCreate(bare, plain);
    expect(Object.keys(kept).toSorted()).toEqual(['customer', 'description', 'source']);
    const defaults = { sellerId: 'seller-1', typeNegotiation: 'Compra' };
    expect(withDefaults(kept, defaults)).toEqual({ ...kept, seller_id: 'seller-1', type_negotiation: 'Compra' });
    // Rows of a version before kept them.
    const older = { ...kept, seller_id: 'wrong', type_negotiation: 'wrong' };
    expect(withDefaults(older, { sellerId: undefined, typeNegotiation: '' })).toEqual(kept);
  });

  test('has the first phone and the first e-mail, and the others in its description', () => {
    const two = { ...bare, phones: ['+5511900000000', '+551130000000'], emails: ['a@a.example', 'b@b.example'] };
    expect(toLeadCreate(two, plain)).toMatchObject({
      phone: '+5511900000000',
      email: 'a@a.example',
      description: 'Outro telefone: +551130000000\nOutro e-mail: b@b.example\nLead Google Ads: 9',
    });
  });

  test('keeps a long answer, and is cut at a letter in front of the line by which it is recognised', () => {
    const answers = [{ question: 'Q', answer: '👩‍👩‍👧'.repeat(5) + 'ã'.repeat(700) }];
    const long = toLeadCreate({ ...bare, answers }, plain).description ?? '';
    expect(long).toContain('ã'.repeat(700));
    const many = Array.from({ length: 40 }, (_, i) => ({ question: `Q${i}`, answer: 'ã'.repeat(90) }));
    const { description = '' } = toLeadCreate({ ...bare, answers: many }, { ...plain, maxLength: 250 });
    expect(description.length).toBeLessThanOrEqual(250);
    expect(description).toMatch(/ã…\nLead Google Ads: 9$/);
  });

  test('brings what its form says for the enrichment', () => {
    const cpf = parseCpf(inventedCpf(5));
    if (cpf === undefined) throw new Error('no CPF');
    const made = newLeadOf({ ...lead, cpf, phones: ['+5511900000000', '+351912345678'] }, plain);
    expect(made).toMatchObject({ line: 'Lead Google Ads: TeSt-1', googleLeadId: 'TeSt-1' });
    expect(made.form).toEqual({ cpf, name: 'Ana Souza', phones: ['11900000000'], emails: ['ana@example.com'] });
    expect(newLeadOf(bare, plain).form).toEqual({ phones: [], emails: [] });
  });
});
