import type { Generated, GeneratedAlways } from 'kysely';
import type { Stamp } from '../../../facade/store/tables/stamp.ts';

export interface PeopleTable {
  id: GeneratedAlways<number>;
  /** The name of this person to callers. */
  uid: Generated<string>;
  /** Eleven digits. */
  cpf: string;
  name: string | null;
  /** `1985-05-15` */
  birth_date: string | null;
  sex: string | null;
  mother_name: string | null;
  father_name: string | null;
  marital_status: string | null;
  is_deceased: boolean | null;
  occupation: string | null;
  /** Reais a month. */
  income: number | null;
  /** As it came. */
  income_text: string | null;
  income_band: string | null;
  purchasing_power: string | null;
  score: string | null;
  risk: string | null;
  created_at: Stamp;
  updated_at: Stamp;
}

/** What there may be several of. */
interface Belonging {
  id: GeneratedAlways<number>;
  person_id: number;
  /** The source's order, 0 first. */
  rank: number;
  updated_at: Stamp;
}

interface ContactsTable extends Belonging {
  kind: 'phone' | 'email';
  value: string;
  is_whatsapp: boolean | null;
}

interface AddressesTable extends Belonging {
  street_kind: string | null;
  street: string | null;
  number: string | null;
  complement: string | null;
  district: string | null;
  city: string | null;
  state: string | null;
  postal_code: string | null;
}

interface CompaniesTable extends Belonging {
  cnpj: string | null;
  relation: string | null;
  relation_kind: string | null;
}

interface RawAnswersTable {
  cpf: string;
  /** Who answered: `work-api`. */
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
