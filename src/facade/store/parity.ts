import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';
import { storedJson } from './stored-json.ts';

/**
 * What all instances observed of the routes: the evidence of parity, and the shapes of direct. What it says is the
 * comparison's own business; here it is a document.
 */

export interface ParityRow<E extends object> {
  readonly route: string;
  /** Milliseconds since the epoch, the beginning of the minute. */
  readonly minute: number;
  readonly instance: string;
  readonly fingerprint: string;
  readonly evidence: E;
}

/**
 * How far a reader looks back behind its last look. A transaction that wrote earlier may be seen later; this is far
 * longer than ours last.
 */
const OVERLAP = '30 seconds';

export class PostgresParity<E extends object> {
  readonly #db: Kysely<Database>;
  /** The two tables have the same columns. */
  readonly #table: 'parity';

  constructor(db: Kysely<Database>, table: 'parity' | 'direct_shapes' = 'parity') {
    this.#db = db;
    this.#table = table as 'parity';
  }

  /** Each row takes the place of the one before it. */
  async save(rows: readonly ParityRow<E>[]): Promise<void> {
    if (rows.length === 0) return;
    const values = rows.map(({ minute, evidence, ...row }) => ({
      ...row,
      minute: new Date(minute),
      evidence: storedJson(evidence),
      written_at: sql<Date>`clock_timestamp()`,
    }));
    await this.#db
      .insertInto(this.#table)
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(['route', 'minute', 'instance']).doUpdateSet((row) => ({
          fingerprint: row.ref('excluded.fingerprint'),
          evidence: row.ref('excluded.evidence'),
          written_at: row.ref('excluded.written_at'),
        })),
      )
      .execute();
  }

  /**
   * Rows written since a look, of all instances, some perhaps for the second time; and the mark of this look. By the
   * clock of the database alone: those of instances may differ.
   */
  async since(mark: string | undefined): Promise<{ readonly rows: readonly ParityRow<E>[]; readonly mark: string }> {
    const { rows: clock } = await sql<{ mark: string }>`select clock_timestamp()::text as mark`.execute(this.#db);
    let query = this.#db.selectFrom(this.#table).select(['route', 'minute', 'instance', 'fingerprint', 'evidence']);
    if (mark !== undefined) {
      query = query.where('written_at', '>', sql<Date>`${mark}::timestamptz - ${OVERLAP}::interval`);
    }
    const found = await query.orderBy('minute').execute();
    const rows = found.map(({ minute, evidence, ...row }) => ({
      ...row,
      minute: minute.getTime(),
      evidence: evidence as E,
    }));
    return { rows, mark: clock[0]?.mark ?? mark ?? '-infinity' };
  }

  /** Removes what no window reaches any more. @param before milliseconds since the epoch */
  async prune(before: number): Promise<void> {
    await this.#db.deleteFrom(this.#table).where('minute', '<', new Date(before)).execute();
  }
}
