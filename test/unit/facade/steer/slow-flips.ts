import type { FlipLog, SteerState, SteerTransaction } from '../../../../src/facade/store/flips.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { CommitUnknown } from '../../../../src/facade/store/unavailable.ts';

/** A database in memory that outlives its facades, and that is slow, silent, gone or put back as a test wants it. */
export class SlowFlips extends MemoryFlips implements FlipLog {
  override readonly isLasting = true;
  /** Reads and transactions wait for it, after they saw what they see. */
  held: Promise<void> | undefined;
  isAway = false;
  /** What becomes of the end of the next transaction: nobody says. */
  loses: 'answer' | 'commit' | undefined;
  /** Read instead of what is written. */
  restored: SteerState | undefined;

  constructor() {
    super(() => new Date(0));
  }

  override async state(): Promise<SteerState> {
    const seen = this.restored ?? (await super.state());
    await this.#answer();
    return seen;
  }

  override async transact<T>(work: (tx: SteerTransaction) => Promise<T>): Promise<T> {
    await this.#answer();
    const { loses } = this;
    this.loses = undefined;
    if (loses === undefined) return super.transact(work);
    await super
      .transact(async (tx) => {
        const result = await work(tx);
        if (loses === 'commit') throw new Error('the commit never came');
        return result;
      })
      .catch(() => undefined);
    throw new CommitUnknown();
  }

  async #answer(): Promise<void> {
    if (this.isAway) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    await this.held;
  }
}
