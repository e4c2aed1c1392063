import type { GeneratedAlways } from 'kysely';

export interface AuditTables {
  /** Rows are added, and deleted when they are old; none is ever changed. */
  audit: {
    id: GeneratedAlways<number>;
    at: GeneratedAlways<Date>;
    action: string;
    who: string;
    via: string;
    subject: string;
    /** Id of the enrichment that was read. */
    reference: string | null;
    people: number;
    rows: number;
  };
}
