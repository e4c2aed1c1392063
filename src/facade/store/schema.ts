import { sql, type RawBuilder } from 'kysely';
import type { AutopilotTables } from './tables/autopilot.ts';
import type { EnrichmentTables } from '../../c2s/store/tables/enrichments.ts';
import type { ParityTables } from './tables/parity.ts';
import type { PeopleTables } from '../../c2s/store/tables/people.ts';
import type { SharedTables } from '../../c2s/store/tables/shared.ts';
import type { SteerTables } from './tables/steer.ts';

/** All our tables live in a Postgres schema of their own, so that the database may be one that others use too. */
export const SCHEMA = 'facade';

/** Every table, put together from one interface a file. */
export interface Database
  extends PeopleTables, EnrichmentTables, SharedTables, SteerTables, ParityTables, AutopilotTables {}

/**
 * A table in a statement that is raw from its first word. `db` puts the schema's name before the tables of its own
 * builders only, not into those.
 */
export const table = (name: keyof Database): RawBuilder<unknown> => sql.table(`${SCHEMA}.${name}`);
