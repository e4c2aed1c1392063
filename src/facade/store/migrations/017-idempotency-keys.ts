import { sql, type Kysely } from 'kysely';

/** Writes that came with an Idempotency-Key. The key itself is not kept: `id` is its hash, and the answer is sealed under it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.idempotency_keys (
      id bytea primary key,
      fingerprint bytea not null,
      write_id uuid not null,
      path text,
      status integer,
      sealed bytea,
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index idempotency_keys_expiry on facade.idempotency_keys (expires_at)`.execute(db);
}
