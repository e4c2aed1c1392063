import type { Migration } from 'kysely/migration';
import * as people from './001-people.ts';
import * as enrichments from './002-enrichments.ts';
import * as enrichmentRuns from './003-enrichment-runs.ts';
import * as cpfClaims from './007-cpf-claims.ts';
import * as enrichmentStanding from './008-enrichment-standing.ts';
import * as deadLetters from './010-dead-letters.ts';
import * as lineage from './011-lineage.ts';
import * as orders from './012-orders.ts';
import * as seenEvents from './013-seen-events.ts';
import * as audit from './014-audit.ts';

/** The tables of the enrichment. The numbers between are the engine's (facade/store/migrations). */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-people': people,
  '002-enrichments': enrichments,
  '003-enrichment-runs': enrichmentRuns,
  '007-cpf-claims': cpfClaims,
  '008-enrichment-standing': enrichmentStanding,
  '010-dead-letters': deadLetters,
  '011-lineage': lineage,
  '012-orders': orders,
  '013-seen-events': seenEvents,
  '014-audit': audit,
};
