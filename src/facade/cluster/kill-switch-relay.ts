import type { FromWorker, ToWorker } from './messages.ts';
import type { Worker } from './worker-pool.ts';

/**
 * What the primary knows of the kill switch. Orders are passed on at once, and who ordered says when the database has
 * it. What a worker merely looked up is remembered for those that come later, and told to nobody: a look is of the past.
 */

type Told = Extract<FromWorker, { kind: 'kill' | 'killed' | 'kill-settled' }>;
type Answered = Pick<Worker, 'place' | 'handle'>;

export class KillSwitchRelay {
  readonly #tellAll: (message: ToWorker, but?: Worker) => void;
  #killed = false;
  /** Whose order the database may not have yet. */
  #orderedBy: Answered | undefined;

  constructor(tellAll: (message: ToWorker, but?: Worker) => void) {
    this.#tellAll = tellAll;
  }

  heard(worker: Worker, message: Told): void {
    if (message.kind === 'kill-settled') {
      // Of an order that a later one replaced.
      if (this.#orderedBy === worker) this.#settle();
      return;
    }
    this.#killed = message.on;
    if (message.kind === 'killed') return;
    this.#orderedBy = worker;
    this.#tellAll(message, worker);
  }

  /** One that came later begins as the others are; also while no database answers. */
  greet(worker: Worker): void {
    const by = this.#orderedBy;
    // The one before it is gone, and it has not found what that one ordered: nobody will carry it out.
    if (by?.place === worker.place && by !== worker) this.#settle();
    if (this.#orderedBy === worker || !this.#killed) return;
    worker.handle.send({ kind: 'kill', on: true });
    if (!this.#orderedBy) worker.handle.send({ kind: 'kill-settled' });
  }

  #settle(): void {
    this.#orderedBy = undefined;
    this.#tellAll({ kind: 'kill-settled' });
  }
}
