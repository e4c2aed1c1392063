import { sql, type Kysely } from 'kysely';

/** Writes whose fate is unknown. No value of a body: `shape` has types, `checks` keyed hashes, which go when the look-up ends. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.unknown_writes (
      id uuid primary key,
      at timestamptz not null,
      route text not null,
      method text not null,
      template text not null,
      params jsonb not null,
      dialect text not null,
      caller text,
      request_id text not null,
      path text not null,
      outcome text,
      status integer,
      cause text not null,
      shape jsonb not null,
      checks jsonb,
      state text not null check (state in ('under_way', 'open', 'arrived', 'not_arrived', 'cannot_tell', 'settled')),
      why text,
      missing jsonb not null default '[]',
      looks integer not null default 0,
      next_look_at timestamptz,
      settlement jsonb
    )`.execute(db);
  await sql`create index unknown_writes_at on facade.unknown_writes (at desc, id)`.execute(db);
  await sql`create index unknown_writes_due on facade.unknown_writes (next_look_at) where next_look_at is not null`.execute(
    db,
  );
}
