import type { JSONColumnType } from 'kysely';

interface NotificationsTable {
  /** Of the event; the same for all targets. */
  id: string;
  /** Names a target without its URL. */
  target: string;
  /** When the event happened. */
  at: Date;
  body: JSONColumnType<object, string, string>;
  attempts: number;
  next_try_at: Date;
  /** An instance is posting it, and the next one of the target waits. */
  leased_until: Date | null;
}

export interface NotificationTables {
  notifications: NotificationsTable;
  notified_verdicts: { route: string; verdict: string };
}
