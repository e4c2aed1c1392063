import type { AuditTables } from './tables/audit.ts';
import type { EnrichmentTables } from './tables/enrichments.ts';
import type { PeopleTables } from './tables/people.ts';
import type { SharedTables } from './tables/shared.ts';

/** The tables of the enrichment beside those of the engine: the same connection knows both. */
declare module '../../facade/store/schema.ts' {
  interface Database extends PeopleTables, EnrichmentTables, SharedTables, AuditTables {}
}
