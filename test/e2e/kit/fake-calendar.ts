import type { Calendar } from '../../../src/http/calendar.ts';

interface Work {
  readonly every: number;
  readonly run: () => void | Promise<void>;
  due: number;
}

/** A calendar that somebody else moves; what falls due on the way is done in its order, one thing after another. */
export class FakeCalendar implements Calendar {
  #now: number;
  readonly #works = new Set<Work>();

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  every(ms: number, run: Work['run']): { close(): void } {
    const work: Work = { every: ms, run, due: this.#now + ms };
    this.#works.add(work);
    return { close: () => void this.#works.delete(work) };
  }

  /** As a machine that was asleep: what fell due meanwhile is done once. @param ms milliseconds, of either sign */
  async jump(ms: number): Promise<void> {
    this.#now += ms;
    const due = [...this.#works].filter((work) => work.due <= this.#now || work.due - this.#now > work.every);
    for (const work of due.sort((a, b) => a.due - b.due)) {
      work.due = this.#now + work.every;
      await work.run();
    }
  }

  /** @param ms milliseconds */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#works].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (!next) break;
      this.#now = next.due;
      next.due += next.every;
      await next.run();
    }
    this.#now = end;
  }
}
