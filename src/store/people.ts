import { sql, type Insertable, type Kysely, type Transaction } from 'kysely';
import type { Person } from './person.ts';
import type { Database } from './schema.ts';
import type { PeopleTable } from './tables/people.ts';

/**
 * People, one row a CPF. A newer answer wins field by field; what it does not know, stays. Whoever stores the same
 * person at the same moment waits at the person's row, so the rest cannot deadlock.
 */

type Tx = Transaction<Database>;

/** Adds or updates a person and all that belongs to one. @returns the person's id. */
export function storePerson(db: Kysely<Database>, person: Person): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const id = await storeRow(tx, person);
    await storeContacts(tx, id, person);
    await storeAddresses(tx, id, person);
    await storeCompanies(tx, id, person);
    return id;
  });
}

async function storeRow(tx: Tx, { economics, ...person }: Person): Promise<number> {
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
  } satisfies Insertable<PeopleTable>;
  const known = (Object.keys(row) as (keyof typeof row)[]).filter((name) => row[name] !== null && name !== 'cpf');
  const { id } = await tx
    .insertInto('people')
    .values(row)
    .onConflict((oc) =>
      oc.column('cpf').doUpdateSet((eb) => ({
        ...Object.fromEntries(known.map((name) => [name, eb.ref(`excluded.${name}`)])),
        updated_at: sql<Date>`now()`,
      })),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function storeContacts(tx: Tx, person_id: number, { emails, phones }: Person): Promise<void> {
  const rows = [
    ...phones.map(({ number, isWhatsapp }, rank) => ({
      person_id,
      kind: 'phone' as const,
      value: clean(number) ?? '',
      is_whatsapp: isWhatsapp ?? null,
      rank,
    })),
    ...emails.map((email, rank) => ({ person_id, kind: 'email' as const, value: clean(email) ?? '', rank })),
  ].filter(({ value }) => value !== '');
  const values = unique(rows, ({ kind, value }) => [kind, value]);
  if (values.length === 0) return;
  await tx
    .insertInto('contacts')
    .values(values)
    .onConflict((oc) =>
      oc.columns(['person_id', 'kind', 'value']).doUpdateSet((eb) => ({
        is_whatsapp: eb.ref('excluded.is_whatsapp'),
        rank: eb.ref('excluded.rank'),
        updated_at: sql<Date>`now()`,
      })),
    )
    .execute();
}

async function storeAddresses(tx: Tx, person_id: number, { addresses }: Person): Promise<void> {
  const rows = addresses.map((address, rank) => ({
    person_id,
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
  const values = unique(rows, (row) => [row.postal_code, row.street, row.number, row.complement]);
  if (values.length === 0) return;
  await tx
    .insertInto('addresses')
    .values(values)
    .onConflict((oc) =>
      oc.columns(['person_id', 'postal_code', 'street', 'number', 'complement']).doUpdateSet((eb) => ({
        street_kind: eb.ref('excluded.street_kind'),
        district: eb.ref('excluded.district'),
        city: eb.ref('excluded.city'),
        state: eb.ref('excluded.state'),
        rank: eb.ref('excluded.rank'),
        updated_at: sql<Date>`now()`,
      })),
    )
    .execute();
}

async function storeCompanies(tx: Tx, person_id: number, { companies }: Person): Promise<void> {
  const rows = companies.map(({ cnpj, relation, relationKind }, rank) => ({
    person_id,
    cnpj: clean(cnpj),
    relation: clean(relation),
    relation_kind: clean(relationKind),
    rank,
  }));
  const values = unique(rows, ({ cnpj, relation }) => [cnpj, relation]);
  if (values.length === 0) return;
  await tx
    .insertInto('companies')
    .values(values)
    .onConflict((oc) =>
      oc.columns(['person_id', 'cnpj', 'relation']).doUpdateSet((eb) => ({
        relation_kind: eb.ref('excluded.relation_kind'),
        rank: eb.ref('excluded.rank'),
        updated_at: sql<Date>`now()`,
      })),
    )
    .execute();
}

/** Text that Postgres takes: it knows no NUL. Nothing is null. */
const clean = (text: string | undefined): string | null => text?.replaceAll('\0', '').trim() || null;

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
