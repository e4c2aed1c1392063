import { sql, type RawBuilder } from 'kysely';
import { SCHEMA } from './schema-name.ts';
import type { AutopilotTables } from './tables/autopilot.ts';
import type { NotificationTables } from './tables/notifications.ts';
import type { ParityTables } from './tables/parity.ts';
import type { SteerTables } from './tables/steer.ts';
import type { UnknownWriteTables } from './tables/unknown-writes.ts';

export { SCHEMA };

/** The tables of the engine, put together from one interface a file. An extension adds its own by declaration merging. */
export interface Database extends SteerTables, ParityTables, AutopilotTables, UnknownWriteTables, NotificationTables {}

/**
 * A table in a statement that is raw from its first word. `db` puts the schema's name before the tables of its own
 * builders only, not into those.
 */
export const table = (name: keyof Database): RawBuilder<unknown> => sql.table(`${SCHEMA}.${name}`);
