import type { Logger } from '../../http/log.ts';
import type { FlipLog } from '../store/flips.ts';

/**
 * What happened already and still has to be written down: a file that somebody changed, a kill switch that somebody
 * threw. It must not wait for a database that is starting, or gone; so it stands here, in order, until the database
 * has it.
 */

type PendingWrite = (flips: FlipLog) => Promise<void>;

export class PendingWrites {
  readonly #log: Logger;
  readonly #writes: PendingWrite[] = [];
  #flips: FlipLog | undefined;
  #flushing: Promise<void> | undefined;
  #hasFailed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The history, once there is one. */
  get flips(): FlipLog | undefined {
    return this.#flips;
  }

  attach(flips: FlipLog): void {
    this.#flips = flips;
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  add(write: PendingWrite): void {
    this.#writes.push(write);
  }

  /** Writes down what it can; what fails is tried again at the next call. @returns whether nothing is left. */
  async flush(): Promise<boolean> {
    while (this.#flips && this.#writes.length > 0) {
      this.#flushing ??= this.#flush(this.#flips).finally(() => (this.#flushing = undefined));
      await this.#flushing;
      if (this.#hasFailed) break;
    }
    return this.isEmpty;
  }

  async #flush(flips: FlipLog): Promise<void> {
    try {
      for (let write = this.#writes[0]; write; write = this.#writes[0]) {
        await write(flips);
        this.#writes.shift();
      }
      this.#hasFailed = false;
    } catch (error) {
      // Once: it is tried again every second.
      if (!this.#hasFailed) this.#log.warn({ err: error }, 'the history cannot be written now; it is tried again');
      this.#hasFailed = true;
    }
  }
}
