import { Refused } from '../../http/page-errors.ts';

/**
 * Orders of one lead, one after the other in this process. An instance that stands still in the middle of an order's
 * transaction keeps the rows of its leads locked; senders repeat what was not answered, and without this each repetition
 * would take a connection to wait on the same lock, until none is left for anybody. So a lead has one connection at most,
 * and a few who wait for it; whoever comes then is told at once to come back.
 */

/** Of one lead, the one that is carried out among them. */
const MAX_ORDERS = 10;
/** Of a database that does not answer each order before takes seconds: who waits behind it would wait for their sum. */
const WAIT_TIMEOUT_MS = 4_000;

interface WaitingLine {
  count: number;
  tail: Promise<unknown>;
}

export class OrderGate {
  readonly #lines = new Map<string, WaitingLine>();

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
      return order();
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

const BUSY = {
  status: 503,
  kind: 'enrichment-busy',
  detail: 'Too many orders of this lead wait already. Nothing was begun; try again later.',
  retryAfter: 2,
};
