import { forcedOf, type FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, HistoryQuery, NewFlip, SteerTransaction } from '../store/flips.ts';
import type { QueuedNotification } from '../store/notification-queue.ts';
import { CommitUnknown } from '../store/unavailable.ts';
import type { ChangeLog } from './change-log.ts';

/** Who is told of what is written into the history here. */
interface Notes {
  readonly changes: Pick<ChangeLog, 'made' | 'perhapsMade'>;
  /** What is to be posted of the changes of one revision. */
  readonly rowsOf: (records: readonly FlipRecord[]) => readonly QueuedNotification[];
  /** Something was made. @param rows that the history could not keep itself. */
  readonly flipped: (rows: readonly QueuedNotification[]) => void;
  readonly now: () => Date;
}

/**
 * A history of which every new line is logged, and posted to whoever wants to know. What is to be posted is kept in the
 * transaction of the change, so that a crash after it loses nothing.
 */
export class NotedFlips implements FlipLog {
  readonly #inner: FlipLog;
  readonly #notes: Notes;

  constructor(inner: FlipLog, notes: Notes) {
    this.#inner = inner;
    this.#notes = notes;
  }

  get isLasting(): boolean {
    return this.#inner.isLasting;
  }

  async transact<T>(work: (tx: SteerTransaction) => Promise<T>, timeoutMs?: number): Promise<T> {
    const { changes, flipped } = this.#notes;
    const made: FlipRecord[] = [];
    const unkept: QueuedNotification[] = [];
    try {
      const result = await this.#inner.transact((tx) => work(this.#noted(tx, made, unkept)), timeoutMs);
      if (made.length > 0) {
        changes.made(made);
        flipped(unkept);
      }
      return result;
    } catch (error) {
      if (error instanceof CommitUnknown) changes.perhapsMade(made);
      throw error;
    }
  }

  state() {
    return this.#inner.state();
  }

  list(query: HistoryQuery) {
    return this.#inner.list(query);
  }

  rolloutsAt(revision: number) {
    return this.#inner.rolloutsAt(revision);
  }

  since() {
    return this.#inner.since();
  }

  #noted(tx: SteerTransaction, made: FlipRecord[], unkept: QueuedNotification[]): SteerTransaction {
    const append = async (flip: NewFlip): Promise<number> => {
      const revision = await tx.append(flip);
      if (revision === tx.revision) return revision;
      const records = recordsOf(flip, revision, tx.killSwitch, this.#notes.now());
      const rows = this.#notes.rowsOf(records);
      made.push(...records);
      if (rows.length > 0 && !(await tx.notify?.(rows))) unkept.push(...rows);
      return revision;
    };
    return { ...tx, append };
  }
}

/** As the history lists it. */
function recordsOf(flip: NewFlip, revision: number, before: boolean, at: Date): FlipRecord[] {
  const { changes, killSwitch = before, killSwitchFile, ...reason } = flip;
  const common = { ...reason, revision, at };
  return [
    ...changes.map((change): FlipRecord => ({
      ...common,
      ...change,
      ...forcedOf(common.source, change.against),
      kind: 'flip',
    })),
    ...[killSwitch === before ? undefined : killSwitch, killSwitchFile].flatMap((to): FlipRecord[] =>
      to === undefined ? [] : [{ ...common, kind: 'kill-switch', from: !to, to }],
    ),
  ];
}
