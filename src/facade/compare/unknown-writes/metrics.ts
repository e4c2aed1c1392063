import { Counter, Gauge, type Registry } from 'prom-client';
import type { UnknownWriteCount } from '../../store/unknown-write.ts';

/** Of the writes of unknown fate. Instances that share a database show the same gauge. */
export class UnknownWriteMetrics {
  readonly #kept: Gauge<'route' | 'state' | 'cause'>;
  readonly #results: Counter<'route' | 'result'>;

  constructor(registry: Registry) {
    this.#kept = new Gauge({
      name: 'facade_unknown_writes',
      help: 'Writes of unknown fate that are kept, by what is known of them and by why nobody knows more. Shared by all instances of a database.',
      labelNames: ['route', 'state', 'cause'],
      aggregator: 'max',
      registers: [registry],
    });
    this.#results = new Counter({
      name: 'facade_unknown_write_results_total',
      help: 'What looking for writes of unknown fate came to.',
      labelNames: ['route', 'result'],
      registers: [registry],
    });
  }

  counted(counts: readonly UnknownWriteCount[]): void {
    this.#kept.reset();
    for (const { route, state, cause, count } of counts) this.#kept.set({ route, state, cause }, count);
  }

  lookedFor(route: string, result: string): void {
    this.#results.inc({ route, result });
  }
}
