import { inventedCpf } from './cpf.ts';

/** The invented people whom Diretrix and Work API know, and to whom the seeded leads belong. */
export interface InventedPerson {
  readonly name: string;
  readonly cpf: string;
  /** Digits with area code, without the country code 55: the form in which Diretrix is asked. */
  readonly phones: readonly string[];
  readonly emails: readonly string[];
  /** dd/mm/yyyy */
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  readonly motherName: string;
  readonly city: string;
  readonly state: string;
}

const FIRST_NAMES: readonly (readonly [name: string, sex: 'F' | 'M'])[] = [
  ['Ana', 'F'],
  ['Bruno', 'M'],
  ['Carla', 'F'],
  ['Diego', 'M'],
  ['Elisa', 'F'],
  ['Fábio', 'M'],
  ['Glória', 'F'],
  ['Heitor', 'M'],
];
const LAST_NAMES = ['Souza', 'Conceição', 'Araújo', 'Lima', 'Brandão'];
const CITIES = [
  ['São Paulo', 'SP', '11'],
  ['Curitiba', 'PR', '41'],
  ['Belo Horizonte', 'MG', '31'],
] as const;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** The nth invented person (from 0), always the same. */
export function person(n: number): InventedPerson {
  const [first, sex] = pick(FIRST_NAMES, n);
  const last = pick(LAST_NAMES, n);
  const [city, state, areaCode] = pick(CITIES, n);
  const number = String(n).padStart(4, '0');
  return {
    name: `${first} ${last}`,
    cpf: inventedCpf(n),
    phones: [`${areaCode}90000${number}`, `${areaCode}3000${number}`],
    emails: [`${plain(first)}.${plain(last)}${n}@example.com`],
    birthDate: `${String((n % 28) + 1).padStart(2, '0')}/${String((n % 12) + 1).padStart(2, '0')}/${1960 + (n % 40)}`,
    sex,
    motherName: `Maria ${last}`,
    city,
    state,
  };
}

/** Everybody whom the look-ups know: twice as many as leads, since a phone and an e-mail may have different owners. */
export const PEOPLE: readonly InventedPerson[] = Array.from({ length: 50 }, (_, n) => person(n));
