import { sql, type Kysely } from 'kysely';

/** How far each enrichment is, who works on it, and what it waits for; and the answers that a CPF's window keeps. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table facade.enrichments
      add column origin text not null default 'api',
      add column step text not null default 'lead',
      add column is_urgent boolean not null default false,
      add column owner integer,
      add column failures integer not null default 0,
      add column next_at timestamptz not null default now(),
      add column progress jsonb not null default '{}',
      add column sends integer not null default 0,
      add column result text,
      add column reason text,
      add column entities integer not null default 0,
      add column finished_at timestamptz`.execute(db);
  // One enrichment of a lead at a time, over all instances; and to ask for one twice is to ask for one.
  await sql`
    create unique index enrichments_active on facade.enrichments (lead_id) where state in ('queued', 'running')`.execute(
    db,
  );
  await sql`create index enrichments_running on facade.enrichments (owner) where state = 'running'`.execute(db);
  await sql`create index enrichments_waiting on facade.enrichments (next_at) where state = 'queued'`.execute(db);
  await sql`alter table facade.cpf_windows add column answer jsonb`.execute(db);
}
