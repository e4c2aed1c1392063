import { Counter, Gauge, type Registry } from 'prom-client';
import { DRIFT_KINDS, DRIFT_LEVELS, type DriftFinding, type DriftLevel } from './findings.ts';

/** Of the shapes of direct, by route. */
export class DriftMetrics {
  readonly #drift: Gauge<'route' | 'level'>;
  readonly #found: Counter<'route' | 'kind'>;
  #routes: ReadonlySet<string> = new Set();

  constructor(registry: Registry) {
    this.#drift = new Gauge({
      name: 'facade_direct_drift',
      help: 'Places at which direct answers otherwise than in the week before, until it is accepted or a week old. warning: something vanished or has another type.',
      labelNames: ['route', 'level'],
      registers: [registry],
      aggregator: 'max',
    });
    this.#found = new Counter({
      name: 'facade_direct_drift_total',
      help: 'Changes of the shape of what direct answers, as they are found.',
      labelNames: ['route', 'kind'],
      registers: [registry],
    });
  }

  /** Both endpoints of these routes are there. */
  use(routes: readonly string[]): void {
    const kept = new Set(routes);
    for (const route of this.#routes)
      if (!kept.has(route)) for (const level of DRIFT_LEVELS) this.#drift.remove({ route, level });
    for (const route of kept) {
      if (this.#routes.has(route)) continue;
      for (const level of DRIFT_LEVELS) this.#drift.set({ route, level }, 0);
      for (const kind of DRIFT_KINDS) this.#found.inc({ route, kind }, 0);
    }
    this.#routes = kept;
  }

  show(route: string, counts: Readonly<Record<DriftLevel, number>>): void {
    for (const level of DRIFT_LEVELS) this.#drift.set({ route, level }, counts[level]);
  }

  found(route: string, { kind }: DriftFinding): void {
    this.#found.inc({ route, kind });
  }
}
