import type { ColumnType } from 'kysely';

/** A time that the database fills in when nobody does. */
export type Stamp = ColumnType<Date, Date | undefined, Date>;
