import type pg from 'pg';

/**
 * Which history the database is in. Postgres counts one up with each promotion (the timeline, which the name of a WAL
 * file begins with), and a restored dump is another database. What the history before knew last may be unknown to this
 * one, so whoever finds a new one notes since when it holds.
 */
const NOTE = `
  insert into facade.lineage as known (name, since)
  select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || oid, to_timestamp(0)
  from pg_database where datname = current_database()
  on conflict (id) do update set name = excluded.name, since = clock_timestamp() where known.name <> excluded.name
  returning since > to_timestamp(0) as "isNew"`;

/** @returns whether this history is another than the one that was noted last. */
export async function noteLineage(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ isNew: boolean }>(NOTE);
  return rows[0]?.isNew ?? false;
}
