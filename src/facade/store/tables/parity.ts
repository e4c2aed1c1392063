import type { ColumnType, JSONColumnType } from 'kysely';

interface ParityTable {
  route: string;
  /** The beginning of the minute, UTC. */
  minute: Date;
  instance: string;
  /** Of the rules that the answers were compared by. */
  fingerprint: string;
  /** Counts, without any value of a document; see facade/compare/evidence.ts. */
  evidence: JSONColumnType<object, string, string>;
  written_at: Date;
}

interface ShadowBudgetTable {
  /** UTC. */
  day: ColumnType<Date, string, string>;
  /** A route's id; empty: all routes. */
  scope: string;
  /** A bigint: read as text. */
  used: string;
}

export interface ParityTables {
  shadow_budget: ShadowBudgetTable;
  parity: ParityTable;
  /** Of each day the shapes that direct answered with; see facade/compare/drift/day-shapes.ts. */
  direct_shapes: ParityTable;
}
