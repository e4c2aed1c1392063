/**
 * Work that must not overlap: each piece begins when the one before it has ended, in the order in which it was asked
 * for. What fails is its caller's to see; the pieces behind it go on.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T> | T): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/**
 * Work of which only the newest run matters, as a look at something that may have changed: never two at once, and whoever
 * asks while it runs shares the one run that comes next. So nobody queues behind more than one run that takes long.
 */
export class Repeated {
  readonly #work: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** @returns the end of a run that begins after this call. */
  run(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return (this.#running = this.#work());
      });
    return this.#next;
  }
}
