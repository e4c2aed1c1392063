import type { JSONColumnType } from 'kysely';

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

export interface ParityTables {
  parity: ParityTable;
  /** Of each day the shapes that direct answered with; see facade/compare/drift/day-shapes.ts. */
  direct_shapes: ParityTable;
}
