import { describe, expect, test } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { findMarked, markerOf } from '../../../../src/c2s/enrichment/marker.ts';
import { composeMessage, CUT, SHORTEST_MESSAGE, type MessageContents } from '../../../../src/c2s/enrichment/message.ts';
import type { Person } from '../../../../src/c2s/store/person.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const SETTINGS = { marker: markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b77'), maxLength: 4_000, incomeMultiplier: 1 };
const ANA = parseCpf(inventedCpf(1)) as Cpf;
const BIA = parseCpf(inventedCpf(2)) as Cpf;

const nothing = { economics: {}, emails: [], phones: [], addresses: [], companies: [] };
const ana: Person & { readonly cpf: Cpf } = {
  cpf: ANA,
  name: 'ANA SOUZA',
  birthDate: '15/05/1985',
  sex: 'F - FEMININO',
  motherName: 'MARIA SOUZA',
  economics: {
    income: { text: '8500,50', value: 8500.5 },
    purchasingPower: 'MEDIO',
    incomeBand: 'De R$ 7018 até R$ 15000',
    score: '412',
    risk: 'MEDIO RISCO',
  },
  emails: ['a1@example.com', 'a2@example.com', 'a3@example.com', 'a4@example.com'],
  phones: [
    { number: '11900000001', isWhatsapp: true },
    { number: '1130000001', isWhatsapp: false },
    { number: '123', isWhatsapp: false },
    { number: '11900000004', isWhatsapp: true },
  ],
  addresses: [
    {
      streetKind: 'RUA',
      street: 'DO EXEMPLO',
      number: '10',
      complement: 'AP 1',
      district: 'CENTRO',
      city: 'SÃO PAULO',
      state: 'SP',
      postalCode: '01000001',
    },
    { city: 'CURITIBA', state: 'PR' },
    { city: 'NÃO CABE' },
  ],
  companies: [
    { cnpj: '00000000000191', relation: 'SOCIO', relationKind: 'SOCIEDADE' },
    { relation: 'ADMINISTRADOR' },
    { cnpj: '00000000000272' },
    { cnpj: '00000000000353' },
  ],
};
const bia: Person & { readonly cpf: Cpf } = { ...nothing, cpf: BIA, name: 'BIA LIMA', emails: ['b@example.com'] };
const by = (kind: 'phone' | 'email' | 'both', person: Person & { readonly cpf: Cpf }) =>
  ({ by: kind, identity: { cpf: person.cpf, name: 'DA DIRETRIX' }, findings: { kind: 'found', person } }) as const;
const without = (kind: 'phone' | 'email' | 'both', outcome: 'unknown' | 'failed') =>
  ({ by: kind, identity: { cpf: BIA, name: 'BIA DA DIRETRIX' }, findings: { kind: outcome } }) as const;

const FORMS: readonly [string, MessageContents, Partial<typeof SETTINGS>?][] = [
  ['same-person', { subjects: [by('both', ana)] }],
  ['two-people', { subjects: [by('phone', ana), by('email', bia)] }],
  ['two-people-one-failed', { subjects: [by('phone', ana), without('email', 'failed')] }],
  ['two-people-one-unknown', { subjects: [without('phone', 'unknown'), by('email', bia)] }],
  ['by-phone', { subjects: [by('phone', bia)] }],
  ['by-email', { subjects: [by('email', bia)] }],
  ['by-phone-email-unanswered', { subjects: [by('phone', bia)], unanswered: 'email' }],
  ['by-email-phone-unanswered', { subjects: [by('email', bia)], unanswered: 'phone' }],
  ['unknown-cpf', { subjects: [without('both', 'unknown')] }],
  ['income-multiplied', { subjects: [by('both', ana)] }, { incomeMultiplier: 1.5 }],
  ['cut', { subjects: [by('phone', ana), by('email', bia)] }, { maxLength: 500 }],
  ['cut-shortest', { subjects: [by('both', ana)] }, { maxLength: SHORTEST_MESSAGE }],
];

test.each(FORMS)('%s reads as in its golden file', async (name, contents, settings = {}) => {
  await expect(composeMessage(contents, { ...SETTINGS, ...settings })).toMatchFileSnapshot(`golden/${name}.txt`);
});

test('its marker is found again, also by a CRM that keeps no more than the beginning', () => {
  const message = composeMessage({ subjects: [by('both', ana)] }, SETTINGS);
  expect(findMarked([{ body: `${message.slice(0, 100)}…` }], SETTINGS.marker)).toBe('yes');
  expect(findMarked([{ body: message.replace(/\s+/g, ' ') }], SETTINGS.marker)).toBe('yes');
});

describe('what others wrote stays in its line', () => {
  const named = (name: string) => composeMessage({ subjects: [by('both', { ...nothing, cpf: ANA, name })] }, SETTINGS);
  const lineOf = (name: string) => named(name).split('\n')[4];

  test.each([
    ['a section', 'ANA\n\n💰 DADOS FINANCEIROS\nRenda: R$ 1', 'Nome: ANA DADOS FINANCEIROS Renda: R$ 1'],
    ['other line breaks', 'A\rB\u2028C\u2029D\u0085E\u000bF', 'Nome: A B C D E F'],
    ['control characters', 'A\u0000B\u001b[31mC', 'Nome: A B [31mC'],
    ['the direction of reading', 'ANA \u202eAZUOS\u202c', 'Nome: ANA AZUOS'],
    ['markup', '<img src=x>', 'Nome: ‹img src=x›'],
    ['half an emoji', 'ANA \ud83d', 'Nome: ANA \ufffd'],
    ['a tick', 'ANA ✅', 'Nome: ANA'],
  ])('%s', (_what, name, line) => expect(lineOf(name)).toBe(line));

  test('our marker', () => {
    const text = `Nome: ${SETTINGS.marker}`;
    const [line] = composeMessage({ subjects: [by('both', { ...nothing, cpf: ANA, name: SETTINGS.marker })] }, SETTINGS)
      .split('\n')
      .slice(4);
    expect(line).not.toBe(text);
    expect(findMarked([line], SETTINGS.marker)).toBe('no');
  });

  test('a very long field is cut, so that the others have their place', () => {
    const line = lineOf('Á'.repeat(5_000)) ?? '';
    expect([line.length <= 170, line.endsWith('…')]).toEqual([true, true]);
    expect(named('Á'.repeat(5_000))).not.toContain(CUT);
  });

  test('a phone cannot bring its own tick, nor a text', () => {
    const phones = [
      { number: '11900000001 ✅ ligue', isWhatsapp: false },
      { number: 'nenhum', isWhatsapp: true },
    ];
    const message = composeMessage({ subjects: [by('both', { ...nothing, cpf: ANA, phones })] }, SETTINGS);
    expect(message).toMatch(/📱 TELEFONES\n• \(11\) 90000-0001$/);
  });
});

test('entries that show nothing give their place to the next, and a section without lines goes', () => {
  const emails = ['\u0000', 'b@example.com', 'c@example.com', 'd@example.com'];
  const message = composeMessage(
    { subjects: [by('both', { ...nothing, cpf: ANA, emails, companies: [{ cnpj: '\n' }] })] },
    SETTINGS,
  );
  expect(message).toMatch(/📧 EMAILS\n• b@example.com\n• c@example.com\n• d@example.com$/);
  expect(message).not.toContain('EMPRESAS');
});

test('an income that is no number cannot be multiplied: it stays as it came', () => {
  const economics = { income: { text: 'até 2 salários' } };
  const contents = { subjects: [by('both', { ...nothing, cpf: ANA, economics })] } as const;
  expect(composeMessage(contents, { ...SETTINGS, incomeMultiplier: 2 })).toMatch(/^Renda: até 2 salários$/m);
});

test('a length that leaves no room for a message is refused', () => {
  const contents = { subjects: [by('both', ana)] } as const;
  expect(() => composeMessage(contents, { ...SETTINGS, maxLength: SHORTEST_MESSAGE - 1 })).toThrow(/200 units/);
});
