import { Counter, Gauge, type Registry } from 'prom-client';

/** What the autopilot may decide; one of them at every tick. */
const DECISIONS = [
  'hold',
  'propose',
  'withdraw',
  'accept',
  'raise',
  'roll_back',
  'pause',
  'resume',
  'restart',
  'refused',
] as const;
export type AutopilotDecision = (typeof DECISIONS)[number];

export class AutopilotMetrics {
  readonly step: Gauge<'route'>;
  readonly decisions: Counter<'route' | 'decision'>;

  constructor(registry: Registry) {
    this.step = new Gauge({
      name: 'facade_autopilot_step',
      help: 'Share that a route on autopilot has reached, 0 to 1.',
      labelNames: ['route'],
      aggregator: 'max',
      registers: [registry],
    });
    this.decisions = new Counter({
      name: 'facade_autopilot_decisions_total',
      help: 'What the autopilot decided, tick by tick. Only the instance that leads decides.',
      labelNames: ['route', 'decision'],
      registers: [registry],
    });
  }

  /** A route came on autopilot: every decision at 0. */
  routeCame(route: string): void {
    for (const decision of DECISIONS) this.decisions.inc({ route, decision }, 0);
  }
}
