/** Notifications that are still to be posted, wherever they are kept: in the database or in memory. */

/** One notification for one target. What is in its body is its sender's. */
export interface QueuedNotification {
  /** Of the event; the same for all targets. */
  readonly id: string;
  /** Names a target without its URL, which may hold a secret. */
  readonly target: string;
  /** When the event happened. */
  readonly at: Date;
  readonly body: object;
  /** Posts of it that failed so far. */
  readonly attempts: number;
}

export interface NotificationQueue {
  /** How long a notification is tried. */
  readonly keepMs: number;
  add(rows: readonly QueuedNotification[], now: Date): Promise<void>;
  /** Targets for which something is to be posted now. */
  due(now: Date): Promise<readonly string[]>;
  /**
   * The next one of a target: the oldest, though one that failed nine times more often than others stands behind them, so
   * that a target that refuses one notification gets the others. One at a time for each target, over all instances.
   */
  take(target: string, now: Date, leaseMs: number): Promise<QueuedNotification | undefined>;
  /** It was posted, or is given up. */
  remove(row: QueuedNotification): Promise<void>;
  /** It failed. */
  retry(row: QueuedNotification, at: Date): Promise<void>;
  /** The target works again: all that waits for it is due. */
  wake(target: string, now: Date): Promise<void>;
  /** Lets go of those of events before this time. @returns them. */
  expire(before: Date): Promise<readonly QueuedNotification[]>;
}

/** See {@link NotificationQueue.take}. Four minutes: a target that is away for less gets everything in order. */
export const ATTEMPTS_OF_A_GENERATION = 9;
