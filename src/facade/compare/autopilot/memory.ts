import type { DecisionRecord, Kept, Memory, ManualOverride, Reading, Turn } from './ports.ts';

/** Without a store: one process, which forgets everything when it ends. */

const MAX_DECISIONS = 1_000;

export class ProcessMemory implements Memory {
  readonly #kept = new Map<string, Kept>();
  #decisions: DecisionRecord[] = [];
  #orders: ManualOverride[] = [];
  #readings: readonly Reading[] = [];

  load(): Promise<ReadonlyMap<string, Kept>> {
    return Promise.resolve(new Map(this.#kept));
  }

  turn(): Promise<Turn> {
    const orders = [...this.#orders];
    const end = (kept: readonly Kept[]): Promise<void> => {
      this.#orders = this.#orders.filter((order) => !orders.includes(order));
      this.#kept.clear();
      for (const one of kept) this.#kept.set(one.report.route, one);
      return Promise.resolve();
    };
    return Promise.resolve({ kept: new Map(this.#kept), orders, end });
  }

  record(decision: DecisionRecord): Promise<void> {
    this.#decisions = [decision, ...this.#decisions].slice(0, MAX_DECISIONS);
    return Promise.resolve();
  }

  history(route: string, limit: number): Promise<readonly DecisionRecord[]> {
    return Promise.resolve(this.#decisions.filter((one) => one.route === route).slice(0, limit));
  }

  order(order: ManualOverride): Promise<void> {
    this.#orders.push(order);
    return Promise.resolve();
  }

  publish(readings: readonly Reading[]): Promise<void> {
    this.#readings = readings;
    return Promise.resolve();
  }

  readings(): Promise<readonly Reading[]> {
    return Promise.resolve(this.#readings);
  }
}
