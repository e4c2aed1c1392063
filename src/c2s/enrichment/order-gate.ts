import { Refused } from '../../http/page-errors.ts';

/**
 * Orders of one lead, one after the other in this process. An instance that stands still in the middle of an order's
 * transaction keeps the rows of its leads locked; senders repeat what was not answered, and without this each repetition
 * would take a connection to wait on the same lock, until none is left for anybody. So a lead has one connection at most,
 * and a few who wait for it; whoever comes then is told at once to come back.
 *
 * Orders of many leads at once wait here for a connection, in their order, and not in the pool, which refuses who waits
 * longer than a connection may take to be made.
 */

/** Of one lead, the one that is carried out among them. */
const MAX_ORDERS = 10;
/** Of a database that does not answer each order before takes seconds: who waits behind it would wait for their sum. */
const WAIT_TIMEOUT_MS = 4_000;
/** A burst of orders is worked off in it, at some milliseconds each. */
const PLACE_TIMEOUT_MS = 10_000;

interface WaitingLine {
  count: number;
  tail: Promise<unknown>;
}

export class OrderGate {
  readonly #lines = new Map<string, WaitingLine>();
  /** Those who wait for a place, the oldest first. */
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param places orders that are carried out at once, of all leads: the connections that there are for them. */
  constructor(places: number) {
    this.#free = places;
  }

  /**
   * Carries the order out after those of the same leads that came before.
   * @throws Refused (503) when too many wait for one of the leads, or when it waited too long; nothing was begun then.
   */
  async run<T>(leadIds: readonly string[], order: () => Promise<T>): Promise<T> {
    const names = [...new Set(leadIds)];
    if (names.some((name) => (this.#lines.get(name)?.count ?? 0) >= MAX_ORDERS)) throw new Refused(BUSY);
    const lines = names.map((name) => this.#lineOf(name));
    const before = Promise.all(lines.map(({ tail }) => tail));
    const waitedSince = performance.now();
    const running = before.then(() => {
      if (performance.now() - waitedSince > WAIT_TIMEOUT_MS) throw new Refused(BUSY);
      return this.#inPlace(order);
    });
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    for (const line of lines) {
      line.count++;
      line.tail = ended;
    }
    try {
      return await running;
    } finally {
      for (const name of names) this.#leave(name);
    }
  }

  async #inPlace<T>(order: () => Promise<T>): Promise<T> {
    const waitedSince = performance.now();
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      if (performance.now() - waitedSince > PLACE_TIMEOUT_MS) throw new Refused(FULL);
      return await order();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #lineOf(name: string): WaitingLine {
    const line = this.#lines.get(name) ?? { count: 0, tail: Promise.resolve() };
    this.#lines.set(name, line);
    return line;
  }

  #leave(name: string): void {
    const line = this.#lines.get(name);
    if (line && --line.count === 0) this.#lines.delete(name);
  }
}

const FULL = {
  status: 503,
  kind: 'enrichment-busy',
  detail: 'Too many orders wait for the database. Nothing was begun; try again later.',
  retryAfter: 2,
};

const BUSY = {
  status: 503,
  kind: 'enrichment-busy',
  detail: 'Too many orders of this lead wait already. Nothing was begun; try again later.',
  retryAfter: 2,
};
