import {
  ATTEMPTS_OF_A_GENERATION,
  type NotificationQueue,
  type QueuedNotification,
} from '../store/notification-queue.ts';

/** Of all targets together. */
const MAX_ROWS = 1_000;
const KEEP_MS = 600_000;

interface Waiting {
  row: QueuedNotification;
  nextTryAt: number;
  isLeased: boolean;
}

/** The notifications of one process, where no database has them. */
export class MemoryQueue implements NotificationQueue {
  readonly keepMs = KEEP_MS;
  readonly #onDrop: (row: QueuedNotification) => void;
  /** Oldest first. */
  #waiting: Waiting[] = [];

  /** @param onDrop hears of each that there is no room for: the oldest. */
  constructor(onDrop: (row: QueuedNotification) => void) {
    this.#onDrop = onDrop;
  }

  get rows(): readonly QueuedNotification[] {
    return this.#waiting.map(({ row }) => row);
  }

  /** Moves all but what is under way elsewhere. @throws what `take` throws; then they stay. */
  async handOver(take: (rows: readonly QueuedNotification[]) => Promise<void>): Promise<void> {
    const moved = this.#waiting.filter(({ isLeased }) => !isLeased);
    if (moved.length === 0) return;
    for (const one of moved) one.isLeased = true;
    try {
      await take(moved.map(({ row }) => row));
      this.#waiting = this.#waiting.filter((one) => !moved.includes(one));
    } finally {
      for (const one of moved) one.isLeased = false;
    }
  }

  add(rows: readonly QueuedNotification[], now: Date): Promise<void> {
    for (const row of rows) this.#waiting.push({ row, nextTryAt: now.getTime(), isLeased: false });
    const excess = Math.max(0, this.#waiting.length - MAX_ROWS);
    for (const { row } of this.#waiting.splice(0, excess)) this.#onDrop(row);
    return Promise.resolve();
  }

  due(now: Date): Promise<string[]> {
    return Promise.resolve([...new Set(this.#dueRows(now).map(({ row }) => row.target))]);
  }

  take(target: string, now: Date): Promise<QueuedNotification | undefined> {
    if (this.#waiting.some((one) => one.row.target === target && one.isLeased)) return Promise.resolve(undefined);
    const mine = this.#dueRows(now).filter(({ row }) => row.target === target);
    const next = mine.toSorted((a, b) => generation(a) - generation(b) || +a.row.at - +b.row.at)[0];
    if (next) next.isLeased = true;
    return Promise.resolve(next?.row);
  }

  remove(row: QueuedNotification): Promise<void> {
    this.#waiting = this.#waiting.filter((one) => one.row !== row);
    return Promise.resolve();
  }

  retry(row: QueuedNotification, at: Date): Promise<void> {
    for (const one of this.#waiting.filter((waiting) => waiting.row === row)) {
      one.row = { ...row, attempts: row.attempts + 1 };
      one.nextTryAt = at.getTime();
      one.isLeased = false;
    }
    return Promise.resolve();
  }

  wake(target: string, now: Date): Promise<void> {
    for (const one of this.#waiting) if (one.row.target === target) one.nextTryAt = now.getTime();
    return Promise.resolve();
  }

  expire(before: Date): Promise<QueuedNotification[]> {
    const old = this.#waiting.filter(({ row, isLeased }) => row.at < before && !isLeased);
    this.#waiting = this.#waiting.filter((one) => !old.includes(one));
    return Promise.resolve(old.map(({ row }) => row));
  }

  #dueRows(now: Date): Waiting[] {
    return this.#waiting.filter(({ nextTryAt, isLeased }) => nextTryAt <= now.getTime() && !isLeased);
  }
}

const generation = ({ row }: Waiting): number => Math.floor(row.attempts / ATTEMPTS_OF_A_GENERATION);
