import { Counter, type Registry } from 'prom-client';
import { NOTIFY_EVENTS } from '../config/notify-schema.ts';

const RESULTS = ['delivered', 'retried', 'given_up', 'dropped'] as const;
/** `given_up`: the target refused it, or did not take it in time. `dropped`: there was no room for it, or the process ended. */
export type NotificationResult = (typeof RESULTS)[number];

/** Of what is posted to the targets of `notify`, each target by itself. */
export class NotificationMetrics {
  readonly #results: Counter<'event' | 'result'>;

  constructor(registry: Registry) {
    this.#results = new Counter({
      name: 'facade_notifications_total',
      help: 'Posts to the targets of notify, by what became of them. A post that is tried again counts as retried each time.',
      labelNames: ['event', 'result'],
      registers: [registry],
    });
    for (const event of NOTIFY_EVENTS) for (const result of RESULTS) this.#results.inc({ event, result }, 0);
  }

  count(event: string, result: NotificationResult): void {
    this.#results.inc({ event, result });
  }
}
