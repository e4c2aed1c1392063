import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { googleKeyOf, readGoogleLead, type GoogleLead } from '../../../../src/c2s/enrichment/webhook-google.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const KEY = 'key-of-the-tests-0123';
const CPF = inventedCpf(77);
const WRITTEN_CPF = CPF.replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4');
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
  emails: ['ana@example.com'],
  phones: ['+5511900000000'],
  answers: [{ question: 'City', answer: 'São Paulo' }],
};
const columns = (...user_column_data: unknown[]) => readGoogleLead({ ...push, user_column_data });

describe('the push', () => {
  test('is read', () => expect(readGoogleLead(push)).toEqual({ kind: 'lead', lead }));

  test.each<[unknown, unknown]>([
    [push, KEY],
    [{ google_key: 5 }, 5],
    [{}, undefined],
    [null, undefined],
    ['x', undefined],
    [[], undefined],
  ])('shows its key, whatever it is: %j', (body, key) => expect(googleKeyOf(body)).toBe(key));

  test('says what is malformed by field, and nothing of what stood there', () => {
    const { lead_id: _id, ...rest } = push;
    expect(readGoogleLead(rest)).toEqual({
      kind: 'malformed',
      reasons: ['lead_id: must be text or a whole number'],
    });
    const read = readGoogleLead({ ...push, lead_id: 2 ** 60, is_test: 'secret', user_column_data: 'secret' });
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
    expect(readGoogleLead(odd)).toEqual({
      kind: 'lead',
      lead: { leadId: '7', isTest: true, emails: [], phones: [], answers: [] },
    });
  });

  test('first and last name make a name; columns without an id go by their name; none of a kind is dropped', () => {
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
      lead: {
        name: 'Ana Souza',
        emails: ['ana@example.com', 'office@example.com'],
        phones: [],
        answers: [{ question: 'Tem FGTS?', answer: 'true' }],
      },
    });
  });

  test('beside a whole name the parts of another one are answers, and parts of it are nothing new', () => {
    const read = columns(
      column('FULL_NAME', 'Carla Um'),
      column('FIRST_NAME', 'Carla'),
      column('LAST_NAME', 'Dois', 'Last name'),
    );
    expect(read).toMatchObject({
      lead: { name: 'Carla Um', answers: [{ question: 'Last name', answer: 'Dois' }] },
    });
  });

  const NOTHING = { emails: [], phones: [], answers: [] };
  test.each<[string, string, unknown, string | undefined, object]>([
    ['a name', 'NAME', 'Ana', undefined, { name: 'Ana' }],
    ['a name in small letters', 'full name', 'Ana', undefined, { name: 'Ana' }],
    ['a phone', 'PHONE', '(11) 90000-0000', undefined, { phones: ['+5511900000000'] }],
    ['a phone as a number', 'PHONE', 11_900_000_000, undefined, { phones: ['+5511900000000'] }],
    ['an old mobile', 'PHONE_NUMBER', '11 8000-0000', undefined, { phones: ['+5511980000000'] }],
    ['a foreign phone', 'PHONE_NUMBER', '+351 912 345 678', undefined, { phones: ['+351912345678'] }],
    ['two phones', 'PHONE', '11 3000-0000 / 11 90000-0000', undefined, { phones: ['+551130000000', '+5511900000000'] }],
    [
      'a phone with words',
      'PHONE',
      '11 90000-0000 (à noite)',
      'Telefone',
      { phones: ['+5511900000000'], answers: [{ question: 'Telefone', answer: '11 90000-0000 (à noite)' }] },
    ],
    ['no phone', 'PHONE', '123', 'Telefone', { answers: [{ question: 'Telefone', answer: '123' }] }],
    ['an e-mail', 'EMAIL', '  ANA@Example.COM ', undefined, { emails: ['ana@example.com'] }],
    ['two e-mails', 'EMAIL', 'Ana@a.example; ana@b.example', undefined, { emails: ['ana@a.example', 'ana@b.example'] }],
    [
      'an e-mail and more',
      'EMAIL',
      'ana@a.example ou WhatsApp',
      'E-mail',
      { emails: ['ana@a.example'], answers: [{ question: 'E-mail', answer: 'ana@a.example ou WhatsApp' }] },
    ],
    ['no e-mail', 'EMAIL', 'não tenho', 'E-mail', { answers: [{ question: 'E-mail', answer: 'não tenho' }] }],
    ['a CPF', 'CPF', WRITTEN_CPF, undefined, { cpf: CPF, answers: [{ question: 'CPF', answer: WRITTEN_CPF }] }],
    ['a CPF as a document', 'DOCUMENT', CPF, 'Doc', { cpf: CPF, answers: [{ question: 'Doc', answer: CPF }] }],
    [
      "Google's own column",
      'GOVERNMENT_ISSUED_ID_CPF_BR',
      CPF,
      'CPF',
      { cpf: CPF, answers: [{ question: 'CPF', answer: CPF }] },
    ],
    [
      'a question that asks for it',
      'Q7',
      CPF,
      'Qual é o seu cpf?',
      { cpf: CPF, answers: [{ question: 'Qual é o seu cpf?', answer: CPF }] },
    ],
    ['wrong digits', 'CPF', '111.111.111-11', 'CPF', { answers: [{ question: 'CPF', answer: '111.111.111-11' }] }],
    // Filled up with zeros it would be somebody's.
    ['an identity card', 'DOCUMENT', '191', 'RG', { answers: [{ question: 'RG', answer: '191' }] }],
  ])('%s', (_, id, value, name, expected) => {
    const read = columns(column(id, value, name));
    const { leadId, campaignId, formId, clickId, isTest } = lead;
    expect(read).toEqual({
      kind: 'lead',
      lead: { leadId, campaignId, formId, clickId, isTest, ...NOTHING, ...expected },
    });
  });

  test('no JSON makes the reader throw', () => {
    const keyed = fc
      .dictionary(fc.constantFrom(...Object.keys(push)), fc.jsonValue())
      .map((body) => ({ ...body, google_key: KEY }));
    fc.assert(
      fc.property(fc.oneof(keyed, fc.jsonValue()), (body) => {
        expect(readGoogleLead(body).kind).toMatch(/^(lead|malformed)$/);
      }),
    );
  });
});
