import type { Generated, JSONColumnType } from 'kysely';
import type { CallerStanding } from '../../../http/standing.ts';
import type { Stamp } from '../../../facade/store/tables/stamp.ts';

/** One step of the pipeline, as it went. No personal data. */
export interface StepRecord {
  readonly step: string;
  readonly result: string;
  /** ISO 8601. */
  readonly at: string;
  readonly ms: number;
}

interface EnrichmentsTable {
  id: Generated<string>;
  lead_id: string;
  state: string;
  steps: JSONColumnType<readonly StepRecord[], string | undefined, string>;
  /** What was found out so far of each person, by CPF: what a resumed job need not ask again. Personal. */
  findings: JSONColumnType<Record<string, unknown>, string | undefined, string>;
  /** What is sent. Personal. */
  message: string | null;
  /** The line by which the message is recognised among the lead's. */
  marker: string | null;
  /** Set before the message is sent; with no outcome, nobody knows yet whether it arrived. */
  send_intended_at: Date | null;
  send_outcome: string | null;
  send_ended_at: Date | null;
  origin: Generated<string>;
  /** Of its first call by the enrichment's own endpoints; null: a push alone asked for it. */
  ordered_at: Date | null;
  /** Who ordered it (c2s/enrichment/orders.ts); null: an order of an older version. */
  caller: string | null;
  /** No message is sent where all of its people were enriched just now. */
  skips_recent: Generated<boolean>;
  /** Of the lead, for who waits for the answer. Personal; emptied when the hold of an order is over. */
  customer_name: string | null;
  /** The next one to take. */
  step: Generated<string>;
  is_urgent: Generated<boolean>;
  /** Of whoever asked for it. */
  standing: Generated<CallerStanding>;
  /** The number of the process that works on it (c2s/enrichment/instance.ts). */
  owner: number | null;
  /** In a row. */
  failures: Generated<number>;
  next_at: Stamp;
  /** What the steps so far found out, for those that follow. Personal; emptied at the end. */
  progress: JSONColumnType<Record<string, unknown>, string | undefined, string>;
  /** How often the message was about to be sent. */
  sends: Generated<number>;
  result: string | null;
  reason: string | null;
  /** People stored. */
  entities: Generated<number>;
  finished_at: Date | null;
  /** Of one that a human had to look at (c2s/enrichment/dead-letters.ts): it was seen to. */
  settled_at: Date | null;
  created_at: Stamp;
  updated_at: Stamp;
}

interface EnrichmentPeopleTable {
  enrichment_id: string;
  cpf: string;
}

export interface EnrichmentTables {
  enrichments: EnrichmentsTable;
  enrichment_people: EnrichmentPeopleTable;
}
