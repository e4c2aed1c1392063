import { sql, type Kysely } from 'kysely';

/** What is known of people. All of it hangs on the person, and goes with the person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await people(db);
  await whatHangsOnThem(db);
  await rawAnswers(db);
}

async function people(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.people (
      id bigint generated always as identity primary key,
      cpf text not null unique check (cpf ~ '^[0-9]{11}$'),
      name text,
      birth_date date,
      sex text,
      mother_name text,
      father_name text,
      marital_status text,
      is_deceased boolean,
      occupation text,
      income numeric,
      income_text text,
      income_band text,
      purchasing_power text,
      score text,
      risk text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index people_updated_at on facade.people (updated_at)`.execute(db);
}

/** Each unique for its person, so that the answer of tomorrow adds what is new and repeats nothing. */
async function whatHangsOnThem(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.contacts (
      id bigint generated always as identity primary key,
      person_id bigint not null references facade.people on delete cascade,
      kind text not null check (kind in ('phone', 'email')),
      value text not null,
      is_whatsapp boolean,
      rank integer not null,
      updated_at timestamptz not null default now(),
      unique (person_id, kind, value)
    )`.execute(db);
  await sql`
    create table facade.addresses (
      id bigint generated always as identity primary key,
      person_id bigint not null references facade.people on delete cascade,
      street_kind text,
      street text,
      number text,
      complement text,
      district text,
      city text,
      state text,
      postal_code text,
      rank integer not null,
      updated_at timestamptz not null default now(),
      unique nulls not distinct (person_id, postal_code, street, number, complement)
    )`.execute(db);
  await sql`
    create table facade.companies (
      id bigint generated always as identity primary key,
      person_id bigint not null references facade.people on delete cascade,
      cnpj text,
      relation text,
      relation_kind text,
      rank integer not null,
      updated_at timestamptz not null default now(),
      unique nulls not distinct (person_id, cnpj, relation)
    )`.execute(db);
}

/** Not bound to a person: an answer may be kept of one whose data was not understood. */
async function rawAnswers(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.raw_answers (
      cpf text not null,
      source text not null,
      key_id text not null,
      sealed bytea not null,
      received_at timestamptz not null default now(),
      primary key (cpf, source)
    )`.execute(db);
  await sql`create index raw_answers_received_at on facade.raw_answers (received_at)`.execute(db);
}
