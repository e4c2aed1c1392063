import type { PathAnswer } from '../../../../../src/facade/compare/comparison.ts';
import { DriftBook } from '../../../../../src/facade/compare/drift/book.ts';
import { answer, NOON } from '../support.ts';

/** A book of one route that learns from answers of the test's own, on a clock of its own. */

export const ROUTE = 'leads.get';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const MODEL = {
  id: ROUTE,
  direct: [{ method: 'GET', template: '/integration/leads/:leadId', segments: ['integration', 'leads', 0] }],
};

/** Answers to so many different questions, evenly over a time. */
export interface Series {
  readonly answers: number;
  readonly over: number;
  /** Of the nth answer. */
  readonly body: (n: number) => unknown;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

export class Learner {
  readonly book: DriftBook;
  /** So that a series of whole hours ends before the next slot begins. */
  now = NOON - 5 * DAY - 1;
  #asked = 0;

  constructor(instance = 'one') {
    this.book = new DriftBook(instance);
    this.book.use([MODEL]);
  }

  feed({ answers, over, body, status = 200, headers = {} }: Series): this {
    for (let n = 0; n < answers; n++) {
      this.now += over / answers;
      this.offer(body(n), { status, headers });
    }
    return this;
  }

  offer(body: unknown, parts: Parameters<typeof answer>[0] = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.answered(answer({ ...parts, body: text }));
  }

  answered(said: PathAnswer): void {
    this.book.offer(ROUTE, `GET /integration/leads/${++this.#asked}`, said, this.now);
  }

  get texts(): string[] {
    return this.book.report(ROUTE, this.now)!.findings.map(({ level, text }) => `${level} ${text}`);
  }
}

/** Two days of the shape that is normal: more than is asked for. */
export const usual = (body: Series['body'], answers = 1_000): Series => ({ answers, over: 2 * DAY, body });
