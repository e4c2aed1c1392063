import { formatCpf } from './cpf.ts';
import type { MessageSubject } from './message.ts';
import { clipped, cnpjText, fieldText } from './message-text.ts';
import { diretrixPhone } from './phone.ts';
import type { Address, Company, Economics, Income, Person, PersonPhone } from '../store/person.ts';
import { formatFactor, formatReais, parseReais } from './currency.ts';

/**
 * The sections about one person, in the words and the order of the old service, whose readers must not
 * notice the change. A section without lines is left out.
 */

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

const MAX_EMAILS = 3;
const MAX_PHONES = 3;
const MAX_ADDRESSES = 2;
const MAX_COMPANIES = 3;

export function sectionsOf({ identity, findings }: MessageSubject, incomeMultiplier: number): readonly Section[] {
  const person = findings.kind === 'found' ? findings.person : undefined;
  const personal: Section = {
    title: '✅ DADOS PESSOAIS',
    lines: [
      ...line('Nome', person?.name ?? identity.name),
      `CPF: ${formatCpf(identity.cpf)}`,
      ...line('Data Nascimento', person?.birthDate),
      ...line('Sexo', person?.sex),
      ...line('Mãe', person?.motherName),
    ],
  };
  const rest = person
    ? restOf(person, incomeMultiplier)
    : [{ title: NOTICES[findings.kind as 'unknown' | 'failed'], lines: [] }];
  return [personal, ...rest];
}

const NOTICES = {
  unknown: 'ℹ️ Nenhum outro dado encontrado para este CPF.',
  failed: '⚠️ A consulta dos dados desta pessoa falhou (Work API não respondeu).',
} as const;

function restOf(person: Person, incomeMultiplier: number): readonly Section[] {
  const sections: readonly Section[] = [
    { title: '💰 DADOS FINANCEIROS', lines: economicLines(person.economics, incomeMultiplier) },
    { title: '📧 EMAILS', lines: items(person.emails, MAX_EMAILS, fieldText) },
    { title: '📱 TELEFONES', lines: items(person.phones, MAX_PHONES, phoneLine) },
    { title: '🏠 ENDEREÇOS', lines: items(person.addresses, MAX_ADDRESSES, addressLine) },
    { title: '🏢 EMPRESAS', lines: items(person.companies, MAX_COMPANIES, companyLine) },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

function line(label: string, value: string | undefined): readonly string[] {
  const text = fieldText(value ?? '');
  return text === '' ? [] : [`${label}: ${text}`];
}

/** Entries that come to nothing give their place to the next. */
function items<T>(entries: readonly T[], most: number, show: (entry: T) => string): readonly string[] {
  return entries
    .map(show)
    .filter((text) => text !== '')
    .slice(0, most)
    .map((text) => `• ${text}`);
}

function economicLines(economics: Economics, multiplier: number): readonly string[] {
  return [
    ...(economics.income ? incomeLine(economics.income, multiplier) : []),
    ...line('Poder Aquisitivo', economics.purchasingPower),
    ...bandLine(economics.incomeBand, multiplier),
    ...line('Score de Crédito', economics.score),
    ...line('Risco', economics.risk),
  ];
}

/** The amounts of a band: `De R$ 7018 até R$ 15000`. */
const BAND_AMOUNT = /R\$ {0,3}[\d.,]*\d/g;

/** Multiplied as the income is, and said so; a band without an amount is shown as it came. */
function bandLine(band: string | undefined, multiplier: number): readonly string[] {
  const text = fieldText(band ?? '');
  let isMultiplied = false;
  const multiplied = text.replace(BAND_AMOUNT, (written) => {
    const value = parseReais(written);
    if (value === undefined) return written;
    isMultiplied = true;
    return formatReais(value * multiplier);
  });
  if (multiplier === 1 || !isMultiplied) return line('Faixa de Renda', band);
  return line('Faixa de Renda', `${multiplied} (valores informados × ${formatFactor(multiplier)})`);
}

/** As it came, unless the operator set a factor: then the figure is no longer the source's, and the line says so. */
function incomeLine({ text, value }: Income, multiplier: number): readonly string[] {
  if (multiplier === 1 || value === undefined) return line('Renda', /^[\d.,]+$/.test(text) ? `R$ ${text}` : text);
  return [`Renda: ${formatReais(value * multiplier)} (valor informado × ${formatFactor(multiplier)})`];
}

function phoneLine({ number, isWhatsapp }: PersonPhone): string {
  const text = phoneText(number);
  return text === '' || !isWhatsapp ? text : `${text} ✅`;
}

/** `RUA DO EXEMPLO, 10, AP 1 - CENTRO, SÃO PAULO/SP, CEP 01000-000` */
function addressLine(address: Address): string {
  const street = joined(' ', [address.streetKind, address.street]);
  const place = joined('/', [address.city, address.state]);
  const postalCode = fieldText(address.postalCode ?? '').replace(/^(\d{5})(\d{3})$/, '$1-$2');
  return joined(' - ', [
    joined(', ', [street, address.number, address.complement]),
    joined(', ', [address.district, place, postalCode === '' ? undefined : `CEP ${postalCode}`]),
  ]);
}

/** `12.345.678/0001-95 - SOCIO (SOCIEDADE)` */
function companyLine({ cnpj, relation, relationKind }: Company): string {
  const role = joined(' ', [relation, relationKind === undefined ? undefined : `(${fieldText(relationKind)})`]);
  return joined(' - ', [cnpj === undefined ? undefined : cnpjText(cnpj), role]);
}

const joined = (separator: string, parts: readonly (string | undefined)[]): string =>
  parts
    .map((part) => fieldText(part ?? ''))
    .filter((part) => part !== '')
    .join(separator);

/** `(11) 90000-0000`; what is no phone of Brazil is shown with its digits only. Empty when it has none. */
function phoneText(written: string): string {
  const national = diretrixPhone(written);
  if (national !== undefined) return national.replace(/^(\d\d)(\d{4,5})(\d{4})$/, '($1) $2-$3');
  return clipped(written.replace(/[^\d+]/g, ''), 20);
}
