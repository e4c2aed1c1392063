import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/** A column that the database fills when nobody does. */
export type Stamp = ColumnType<Date, Date | undefined, Date>;

export interface PeopleTable {
  id: GeneratedAlways<number>;
  /** Eleven digits. */
  cpf: string;
  name: string | null;
  /** `1985-05-15` */
  birth_date: string | null;
  sex: string | null;
  mother_name: string | null;
  /** Reais a month, as it came. */
  income: number | null;
  purchasing_power: string | null;
  income_range: string | null;
  credit_score: number | null;
  credit_risk: string | null;
  created_at: Stamp;
  updated_at: Stamp;
}

export interface ContactsTable {
  id: GeneratedAlways<number>;
  person_id: number;
  kind: 'phone' | 'email';
  value: string;
  is_whatsapp: boolean | null;
  /** The source's order, 1 first. */
  rank: number | null;
  updated_at: Stamp;
}

export interface AddressesTable {
  id: GeneratedAlways<number>;
  person_id: number;
  street: string | null;
  number: string | null;
  complement: string | null;
  district: string | null;
  city: string | null;
  state: string | null;
  postal_code: string | null;
  updated_at: Stamp;
}

export interface CompaniesTable {
  id: GeneratedAlways<number>;
  person_id: number;
  cnpj: string;
  relation: string | null;
  updated_at: Stamp;
}

export interface RawAnswersTable {
  cpf: string;
  source: string;
  key_id: string;
  sealed: Buffer;
  received_at: Generated<Date>;
}

export interface PeopleTables {
  people: PeopleTable;
  contacts: ContactsTable;
  addresses: AddressesTable;
  companies: CompaniesTable;
  raw_answers: RawAnswersTable;
}
