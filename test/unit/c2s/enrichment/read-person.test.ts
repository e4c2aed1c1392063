import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { readPerson, SECTIONS } from '../../../../src/c2s/enrichment/read-person.ts';
import { readDossier } from '../../../../src/c2s/enrichment/work-api.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const CPF = parseCpf(inventedCpf(1)) as Cpf;
const nothing = { cpf: CPF, economics: {}, emails: [], phones: [], addresses: [], companies: [] };

const sections = (value: (n: number) => unknown) => Object.fromEntries(SECTIONS.map((name, n) => [name, value(n)]));

test.each<[string, Record<string, unknown>]>([
  ['no sections', {}],
  ['null sections', sections(() => null)],
  ['sections of wrong types', sections((n) => [true, [[]], false][n % 3])],
  [
    'entries without anything in them',
    { emails: [{}, null, 5], telefones: [{}], enderecos: [{ cep: '' }], empresas: [{}] },
  ],
  ['fields of wrong types', { DadosBasicos: { nome: {}, sexo: [], nomeMae: true }, DadosEconomicos: { renda: {} } }],
])('%s: nothing is known', (_what, answer) => expect(readPerson(CPF, answer)).toEqual(nothing));

describe('what is known', () => {
  test('e-mails by priority, each once; those without a priority last', () => {
    const emails = [
      { email: 'c@example.com' },
      { email: 'b@example.com', prioridade: '2' },
      { email: 'A@example.com', prioridade: 1 },
      { email: 'a@example.com', prioridade: 3 },
      'd@example.com',
      { email: 'no address', prioridade: 0 },
    ];
    expect(readPerson(CPF, { emails }).emails).toEqual([
      'a@example.com',
      'b@example.com',
      'c@example.com',
      'd@example.com',
    ]);
  });

  test('a section that should be a list and is one entry', () => {
    const { phones } = readPerson(CPF, { telefones: { telefone: 11900000000, whatsapp: 'SIM' } });
    expect(phones).toEqual([{ number: '11900000000', isWhatsapp: true }]);
  });

  test('income as text and as a number; a text that is no number stays as it came', () => {
    const income = (renda: unknown) => readPerson(CPF, { DadosEconomicos: { renda } }).economics.income;
    expect(income('8500,50')).toEqual({ text: '8500,50', value: 8500.5 });
    expect(income(8500.5)).toEqual({ text: 'R$ 8.500,50', value: 8500.5 });
    expect(income('sem renda')).toEqual({ text: 'sem renda' });
    expect(income(null)).toBeUndefined();
  });

  test('score and purchasing power also where they stand without their objects', () => {
    const { economics } = readPerson(CPF, { DadosEconomicos: { score: 412, poderAquisitivo: 'ALTO' } });
    expect(economics).toEqual({ score: '412', purchasingPower: 'ALTO' });
  });

  test.each([
    [{ obito: 'SIM' }, true],
    [{ obito: 'NÃO' }, false],
    ['SIM', true],
    [true, true],
    [null, undefined],
  ])('death written as %j', (obito, expected) =>
    expect(readPerson(CPF, { DadosBasicos: { obito } }).isDeceased).toBe(expected),
  );
});

test('no JSON makes the reader throw', () => {
  const part = fc.jsonValue({ maxDepth: 4 });
  const answers = fc.dictionary(fc.constantFrom('status', ...SECTIONS), part);
  fc.assert(
    fc.property(fc.oneof(answers, part), (answer) => {
      expect(readDossier(CPF, JSON.stringify(answer)).kind).toMatch(/^(found|unknown|unavailable|refused)$/);
    }),
    { numRuns: 300 },
  );
});
