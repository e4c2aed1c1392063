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
