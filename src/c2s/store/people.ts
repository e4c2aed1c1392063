import { sql, type Insertable, type Kysely } from 'kysely';
import type { Person } from './person.ts';
import type { Database } from '../../facade/store/schema.ts';
import { wellFormed } from '../../http/well-formed.ts';
import { storedJson } from '../../facade/store/stored-json.ts';
import type { PeopleTable } from './tables/people.ts';

/**
 * People, one row a CPF. A newer answer wins field by field; what it does not know, stays. One statement, since a person
 * is stored with every enrichment and each round trip would cost more than the work; what hangs on a person is written
 * after the person's row, at which whoever stores the same one at the same moment waits, so that nobody deadlocks.
 */

/** Adds or updates a person and all that belongs to one. @returns the person's id. */
export async function storePerson(db: Kysely<Database>, person: Person): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with one as (${personOf(person)}),
    contacts as (
      insert into facade.contacts (person_id, kind, value, is_whatsapp, rank)
      select one.id, kind, value, is_whatsapp, rank from one, jsonb_to_recordset(${storedJson(contactsOf(person))}::jsonb)
        as it(kind text, value text, is_whatsapp boolean, rank integer)
      on conflict (person_id, kind, value) do update
        set is_whatsapp = excluded.is_whatsapp, rank = excluded.rank, updated_at = now()
    ),
    addresses as (
      insert into facade.addresses
        (person_id, street_kind, street, number, complement, district, city, state, postal_code, rank)
      select one.id, street_kind, street, number, complement, district, city, state, postal_code, rank
      from one, jsonb_to_recordset(${storedJson(addressesOf(person))}::jsonb) as it(street_kind text, street text, number text,
        complement text, district text, city text, state text, postal_code text, rank integer)
      on conflict (person_id, postal_code, street, number, complement) do update
        set street_kind = excluded.street_kind, district = excluded.district, city = excluded.city,
          state = excluded.state, rank = excluded.rank, updated_at = now()
    ),
    companies as (
      insert into facade.companies (person_id, cnpj, relation, relation_kind, rank)
      select one.id, cnpj, relation, relation_kind, rank from one,
        jsonb_to_recordset(${storedJson(companiesOf(person))}::jsonb)
        as it(cnpj text, relation text, relation_kind text, rank integer)
      on conflict (person_id, cnpj, relation) do update
        set relation_kind = excluded.relation_kind, rank = excluded.rank, updated_at = now()
    )
    select id from one`.execute(db);
  const [stored] = rows;
  if (!stored) throw new Error('a person was neither added nor updated');
  return stored.id;
}

function personOf({ economics, ...person }: Person) {
  const row = {
    cpf: person.cpf,
    name: clean(person.name),
    birth_date: isoDate(person.birthDate),
    sex: clean(person.sex),
    mother_name: clean(person.motherName),
    father_name: clean(person.fatherName),
    marital_status: clean(person.maritalStatus),
    is_deceased: person.isDeceased ?? null,
    occupation: clean(person.occupation),
    income: economics.income?.value ?? null,
    income_text: clean(economics.income?.text),
    income_band: clean(economics.incomeBand),
    purchasing_power: clean(economics.purchasingPower),
    score: clean(economics.score),
    risk: clean(economics.risk),
  } satisfies Partial<Insertable<PeopleTable>>;
  const names = Object.keys(row).map((name) => sql.ref(name));
  const newer = names.slice(1).map((name) => sql`${name} = coalesce(excluded.${name}, known.${name})`);
  return sql`
    insert into facade.people as known (${sql.join(names)}) values (${sql.join(Object.values(row))})
    on conflict (cpf) do update set ${sql.join(newer)}, updated_at = now() returning id`;
}

function contactsOf({ emails, phones }: Person) {
  const rows = [
    ...phones.map(({ number, isWhatsapp }, rank) => ({
      kind: 'phone',
      value: clean(number),
      is_whatsapp: isWhatsapp,
      rank,
    })),
    ...emails.map((email, rank) => ({ kind: 'email', value: clean(email), rank })),
  ].filter(({ value }) => value !== null);
  return unique(rows, ({ kind, value }) => [kind, value]);
}

function addressesOf({ addresses }: Person) {
  const rows = addresses.map((address, rank) => ({
    street_kind: clean(address.streetKind),
    street: clean(address.street),
    number: clean(address.number),
    complement: clean(address.complement),
    district: clean(address.district),
    city: clean(address.city),
    state: clean(address.state),
    postal_code: clean(address.postalCode),
    rank,
  }));
  return unique(rows, (row) => [row.postal_code, row.street, row.number, row.complement]);
}

function companiesOf({ companies }: Person) {
  const rows = companies.map(({ cnpj, relation, relationKind }, rank) => ({
    cnpj: clean(cnpj),
    relation: clean(relation),
    relation_kind: clean(relationKind),
    rank,
  }));
  return unique(rows, ({ cnpj, relation }) => [cnpj, relation]);
}

/** Nothing is null. */
const clean = (text: string | undefined): string | null => (text && wellFormed(text).trim()) || null;

/** Undefined dates and those that are none (`00/00/0000`, `31/02/1990`) are null. */
function isoDate(text: string | undefined): string | null {
  const [, day, month, year] = /^(\d{2})\/(\d{2})\/(\d{4})/.exec(text ?? '') ?? [];
  const iso = day ? `${year}-${month}-${day}` : (/^\d{4}-\d{2}-\d{2}/.exec(text ?? '')?.[0] ?? '');
  const date = new Date(`${iso}T00:00:00Z`);
  // A day that does not exist rolls over into the next month.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

/** The first of those that the table takes for the same: one statement must not touch a row twice. */
function unique<T>(rows: readonly T[], keyOf: (row: T) => readonly (string | null)[]): T[] {
  const byKey = new Map<string, T>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    if (!byKey.has(key)) byKey.set(key, row);
  }
  return [...byKey.values()];
}
