import type { Cpf } from './cpf.ts';
import { normaliseEmail } from './email.ts';
import { isRecord, known, recordOf, recordsOf, textOf, type Loose } from './untyped-json.ts';
import type { Address, Company, Economics, Income, Person, PersonPhone } from '../store/person.ts';
import { formatReais, parseReais } from './currency.ts';

/**
 * Work API's answer to our words. Every field may be null, absent or of another type, at any time; what cannot be
 * read is not known, and nothing throws.
 */

/** What an answer about a person is made of; one that has none of them is no such answer. */
export const SECTIONS = [
  'DadosBasicos',
  'DadosEconomicos',
  'emails',
  'telefones',
  'enderecos',
  'empresas',
  'profissao',
] as const;

/** @param cpf the one that was asked for: it counts, whatever the answer repeats */
export function readPerson(cpf: Cpf, answer: Loose): Person {
  const basics = recordOf(answer['DadosBasicos']);
  return known({
    cpf,
    name: textOf(basics['nome']),
    birthDate: textOf(basics['dataNascimento']),
    sex: textOf(basics['sexo']),
    motherName: textOf(basics['nomeMae']),
    fatherName: textOf(basics['nomePai']),
    maritalStatus: textOf(basics['estadoCivil']),
    isDeceased: yesOrNo(isRecord(basics['obito']) ? basics['obito']['obito'] : basics['obito']),
    occupation: occupationOf(answer['profissao']),
    economics: readEconomics(recordOf(answer['DadosEconomicos'])),
    emails: readEmails(answer['emails']),
    phones: readPhones(answer['telefones']),
    addresses: recordsOf(answer['enderecos']).map(readAddress).filter(isAnything),
    companies: recordsOf(answer['empresas']).map(readCompany).filter(isAnything),
  });
}

function readEconomics(economics: Loose): Economics {
  const power = economics['poderAquisitivo'];
  const score = economics['score'];
  return known({
    income: readIncome(economics['renda']),
    purchasingPower: textOf(isRecord(power) ? power['poderAquisitivoDescricao'] : power),
    incomeBand: textOf(recordOf(power)['faixaPoderAquisitivo']),
    score: textOf(isRecord(score) ? score['scoreCSBA'] : score),
    risk: textOf(recordOf(score)['scoreCSBAFaixaRisco']),
  });
}

function readIncome(renda: unknown): Income | undefined {
  const value = parseReais(renda);
  // A JSON number came without a spelling of its own.
  const text = typeof renda === 'number' && value !== undefined ? formatReais(value) : textOf(renda);
  return text === undefined ? undefined : known({ text, value });
}

function readEmails(emails: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(emails) ? emails : recordsOf(emails);
  const rated = list.flatMap((entry) => {
    const address = normaliseEmail(isRecord(entry) ? entry['email'] : entry);
    return address === undefined ? [] : [{ address, priority: priorityOf(entry) }];
  });
  // The sort is stable: equals stay as they came.
  return [...new Set(rated.sort((a, b) => a.priority - b.priority).map(({ address }) => address))];
}

/** 1 is the best; without one an address comes last. A finite number, or two of them could not be told apart. */
function priorityOf(entry: unknown): number {
  const priority = Number(textOf(recordOf(entry)['prioridade']));
  return Number.isFinite(priority) ? priority : Number.MAX_SAFE_INTEGER;
}

function readPhones(telefones: unknown): readonly PersonPhone[] {
  const phones = recordsOf(telefones).flatMap((entry) => {
    const number = textOf(entry['telefone']);
    if (number === undefined) return [];
    const isWhatsapp = yesOrNo(entry['whatsapp']) ?? false;
    const [kind, carrier, status] = [textOf(entry['tipo']), textOf(entry['operadora']), textOf(entry['status'])];
    return [known({ number, kind, carrier, isWhatsapp, status })];
  });
  return phones.filter(({ number }, i) => phones.findIndex((other) => other.number === number) === i);
}

const readAddress = (entry: Loose): Address =>
  known({
    streetKind: textOf(entry['tipoLogradouro']),
    street: textOf(entry['logradouro']),
    number: textOf(entry['logradouroNumero']),
    complement: textOf(entry['complemento']),
    district: textOf(entry['bairro']),
    city: textOf(entry['cidade']),
    state: textOf(entry['uf']),
    postalCode: textOf(entry['cep']),
  });

const readCompany = (entry: Loose): Company =>
  known({
    cnpj: textOf(entry['cnpj']),
    relation: textOf(entry['relacao']),
    relationKind: textOf(entry['tipoRelacao']),
  });

/** The contract leaves the section's fields open; these are the names under which an occupation is written. */
function occupationOf(profissao: unknown): string | undefined {
  if (!isRecord(profissao)) return textOf(profissao);
  return textOf(profissao['cboDescricao']) ?? textOf(profissao['descricao']) ?? textOf(profissao['profissao']);
}

const isAnything = (entry: object): boolean => Object.keys(entry).length > 0;

function yesOrNo(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = textOf(value)?.toUpperCase();
  if (text === 'SIM' || text === 'S' || text === '1' || text === 'TRUE') return true;
  return text === undefined ? undefined : false;
}
