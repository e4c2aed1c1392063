import type { ColumnType } from 'kysely';

/** A time column whose default is the time of the insert. */
export type Stamp = ColumnType<Date, Date | undefined, Date>;
