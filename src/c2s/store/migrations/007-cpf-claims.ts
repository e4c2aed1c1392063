import { sql, type Kysely } from 'kysely';

/** Who asks about a CPF at this moment: the number of its process (instance-locks.ts); null: nobody. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table facade.cpf_windows add column asker integer`.execute(db);
}
