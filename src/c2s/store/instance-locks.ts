import { sql } from 'kysely';

/** Namespace of the locks by which processes show that they live (c2s/enrichment/instance.ts): the first of two integers. */
export const INSTANCE_LOCKS = 0x0c25;

/** The numbers of the processes that live. */
export const LIVING = sql`
  select objid::bigint from pg_locks where locktype = 'advisory' and granted and objsubid = 2
    and classid = ${sql.lit(INSTANCE_LOCKS)} and database = (select oid from pg_database where datname = current_database())`;
