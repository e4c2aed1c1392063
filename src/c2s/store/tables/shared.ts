import type { Generated, JSONColumnType } from 'kysely';

/** What instances share: events that were seen, CPFs that were asked about, whose turn it is. */
export interface SharedTables {
  seen_events: { source: string; key: string; received_at: Generated<Date>; enrichment_id: Generated<string | null> };
  cpf_windows: {
    cpf: string;
    asked_at: Date;
    /** The number of the process that asks at this moment. */
    asker: number | null;
    /** What was found out; personal, and kept as long as the row. */
    answer: JSONColumnType<object, string | undefined, string> | null;
  };
  paces: { name: string; next_at: Date };
}
