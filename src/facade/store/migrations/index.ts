import type { Migration } from 'kysely/migration';
import * as people from '../../../c2s/store/migrations/001-people.ts';
import * as enrichments from '../../../c2s/store/migrations/002-enrichments.ts';
import * as enrichmentRuns from '../../../c2s/store/migrations/003-enrichment-runs.ts';
import * as steer from './004-steer.ts';
import * as parity from './005-parity.ts';
import * as autopilot from './006-autopilot.ts';
import * as cpfClaims from '../../../c2s/store/migrations/007-cpf-claims.ts';
import * as enrichmentStanding from '../../../c2s/store/migrations/008-enrichment-standing.ts';

/**
 * Every migration, in the order of its name. They only add: the version before must still run on what they leave
 * behind, since a rolling deployment has both at once. One that was released is never edited.
 */
export const migrations: Record<string, Migration> = {
  '001-people': people,
  '002-enrichments': enrichments,
  '003-enrichment-runs': enrichmentRuns,
  '004-steer': steer,
  '005-parity': parity,
  '006-autopilot': autopilot,
  '007-cpf-claims': cpfClaims,
  '008-enrichment-standing': enrichmentStanding,
};
