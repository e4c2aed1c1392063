import { sql, type Kysely } from 'kysely';

/** The work on leads, and what instances share while they do it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.enrichments (
      id uuid primary key default gen_random_uuid(),
      lead_id text not null,
      state text not null,
      steps jsonb not null default '[]',
      findings jsonb not null default '{}',
      message text,
      marker text,
      send_intended_at timestamptz,
      send_outcome text,
      send_ended_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index enrichments_lead on facade.enrichments (lead_id, created_at desc)`.execute(db);
  await sql`create index enrichments_updated_at on facade.enrichments (updated_at)`.execute(db);
  // By CPF, not by person: a step may know whom to ask about before anybody answered.
  await sql`
    create table facade.enrichment_people (
      enrichment_id uuid not null references facade.enrichments on delete cascade,
      cpf text not null,
      primary key (enrichment_id, cpf)
    )`.execute(db);
  await sql`create index enrichment_people_cpf on facade.enrichment_people (cpf)`.execute(db);
  await sql`
    create table facade.seen_events (
      source text not null,
      key text not null,
      received_at timestamptz not null default now(),
      primary key (source, key)
    )`.execute(db);
  await sql`create index seen_events_received_at on facade.seen_events (received_at)`.execute(db);
  await sql`create table facade.cpf_windows (cpf text primary key, asked_at timestamptz not null)`.execute(db);
  await sql`create table facade.paces (name text primary key, next_at timestamptz not null)`.execute(db);
}
