import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { capture, endWith, replay } from './fault-endings.ts';
import { faultSchema, hasEnding, matches } from './fault-spec.ts';
import type { FaultSpec } from './fault-spec.ts';

/**
 * Faults on demand: latency, error answers, resets, silence, per path and method, a given number of times. The layer
 * is a plain middleware over node:http, so that it can stand in front of anything that answers requests.
 * Of several faults that match, the first added strikes; when its `times` are used up the next takes over, so that
 * a sequence ("503 twice, then a reset, then well again") is written as it happens.
 */
export interface Fault extends FaultSpec {
  readonly id: number;
  /** How often it struck. */
  readonly struck: number;
}

export class Faults {
  readonly #faults: (Fault & { struck: number })[] = [];
  readonly #random: () => number;
  #lastId = 0;

  /** @param random 0 ≤ n < 1; decides `errorRate`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Takes a fault as written by a caller. Throws a ZodError that names what is wrong. */
  add(spec: FaultSpec): Fault {
    const fault = { ...faultSchema.parse(spec), id: ++this.#lastId, struck: 0 };
    this.#faults.push(fault);
    return fault;
  }

  /** In the order in which they strike, used-up ones included. */
  list(): readonly Fault[] {
    return this.#faults;
  }

  remove(id: number): boolean {
    const index = this.#faults.findIndex((fault) => fault.id === id);
    if (index >= 0) this.#faults.splice(index, 1);
    return index >= 0;
  }

  clear(): void {
    this.#faults.length = 0;
  }

  middleware() {
    return async (req: IncomingMessage, res: ServerResponse, next: () => void): Promise<void> => {
      const stroke = this.#strike(req.method ?? 'GET', req.url ?? '/');
      if (!stroke) return next();
      const { fault, ends } = stroke;
      const answer = fault.applied ? await capture(res, next) : undefined;
      // Not tied to the caller: Contact2Sale carries on with a request whose caller has left, and so does the stand-in.
      if (fault.latencyMs) await sleep(fault.latencyMs, undefined, { ref: false });
      if (ends) return endWith(fault, res, answer);
      if (answer) return replay(res, answer);
      next();
    };
  }

  #strike(method: string, target: string): { fault: Fault; ends: boolean } | undefined {
    const fault = this.#faults.find((each) => !isUsedUp(each) && matches(each, method, target));
    if (!fault) return undefined;
    const ends = hasEnding(fault) && (fault.errorRate === undefined || this.#random() < fault.errorRate);
    if (!ends && !fault.latencyMs) return undefined;
    fault.struck += 1;
    return { fault, ends };
  }
}

const isUsedUp = (fault: Fault): boolean => fault.times !== undefined && fault.struck >= fault.times;
