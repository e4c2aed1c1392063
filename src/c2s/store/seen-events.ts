import { wellFormed } from '../../http/well-formed.ts';
import type { Kysely } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';

/** Events that were received, so that one that comes again is recognised, after a restart and by every instance. */

/** @returns those of the keys that nobody has seen before, in their order; of several instances one gets each. */
export async function firstSeen(db: Kysely<Database>, source: string, keys: readonly string[]): Promise<string[]> {
  // What the database gives back is compared with what it was given: half of a surrogate pair would come back as another.
  const unstorable = keys.find((key) => wellFormed(key) !== key);
  if (unstorable !== undefined) throw new RangeError('a key of an event is no well-formed text');
  // In one order for all, so that two batches with the same events wait for each other and do not deadlock.
  const sorted = [...new Set(keys)].toSorted();
  if (sorted.length === 0) return [];
  const rows = await db
    .insertInto('seen_events')
    .values(sorted.map((key) => ({ source, key })))
    .onConflict((oc) => oc.doNothing())
    .returning('key')
    .execute();
  const isNew = new Set(rows.map(({ key }) => key));
  return [...new Set(keys)].filter((key) => isNew.has(key));
}

/** @returns those of the keys that were received. */
export async function seenAmong(
  db: Kysely<Database>,
  source: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db
    .selectFrom('seen_events')
    .select('key')
    .where('source', '=', source)
    .where('key', 'in', keys)
    .execute();
  return new Set(rows.map(({ key }) => key));
}

/** Notes which enrichment an event began. */
export async function noteEnrichment(db: Kysely<Database>, source: string, key: string, id: string): Promise<void> {
  await db
    .updateTable('seen_events')
    .set({ enrichment_id: id })
    .where('source', '=', source)
    .where('key', '=', key)
    .execute();
}

/** @returns the id of the enrichment that the event began; undefined: none, or of a time before this was noted. */
export async function enrichmentOf(db: Kysely<Database>, source: string, key: string): Promise<string | undefined> {
  const found = await db
    .selectFrom('seen_events')
    .select('enrichment_id')
    .where('source', '=', source)
    .where('key', '=', key)
    .executeTakeFirst();
  return found?.enrichment_id ?? undefined;
}
