import { Turns } from '../../http/turns.ts';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MeasuredWorker } from './messages.ts';

/**
 * One page of metrics for all workers. Counters and histograms are summed, with what dead workers had counted: a sum
 * that fell when a worker died would look like a restart of all, and rates over it would be wrong. Of a gauge its
 * `aggregator` says what several come to (facade/observe/metrics.ts); the dead have none.
 *
 * A worker that dies unasked takes with it what it counted since it was last asked, which is a few seconds; what was
 * once on a page is never taken back.
 */

/** Where prom-client takes the mean: a loop that is late is late, however the others do. */
const WORST = /^nodejs_eventloop_lag/;

const COUNTED = new Set(['counter', 'histogram']);

export class MetricsPage {
  /** The last answer of each place. */
  readonly #latest = new Map<number, MeasuredWorker>();
  #departed: MeasuredWorker = [];
  readonly #turns = new Turns();
  readonly contentType = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

  take(place: number, metrics: MeasuredWorker): void {
    this.#latest.set(place, metrics);
  }

  /** The worker is no more: what it counted stays. */
  left(place: number): void {
    const last = this.#latest.get(place);
    this.#latest.delete(place);
    if (!last) return;
    this.#departed = [...this.#departed, ...last.filter(({ type }) => COUNTED.has(String(type)))];
    void this.#turns.take(() => this.#sumUp());
  }

  /** @param own what the primary itself has to say. */
  async text(own: Registry): Promise<string> {
    const places = [...this.#latest.entries()].toSorted(([a], [b]) => a - b);
    const all = [...places.map(([, metrics]) => metrics), this.#departed, await measuredOf(own)];
    return summed(all).metrics();
  }

  /** One set of numbers for all that are gone, however many they were. */
  async #sumUp(): Promise<void> {
    const all = this.#departed;
    const sums = await measuredOf(summed([all]));
    this.#departed = [...sums, ...this.#departed.slice(all.length)];
  }
}

/** What a registry holds, to be sent or summed: what prom-client gives out beside the numbers cannot be sent. */
export async function measuredOf(registry: Registry): Promise<MeasuredWorker> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as MeasuredWorker;
  return metrics.map(({ name, help, type, aggregator, values }) => ({ name, help, type, aggregator, values }));
}

/** @param pages of one registry each. */
function summed(pages: readonly MeasuredWorker[]): Registry {
  const judged = pages.map((page) =>
    page.map((metric) => (WORST.test(metric.name) ? { ...metric, aggregator: 'max' as const } : metric)),
  );
  // Its types want whole metrics; it reads these fields only.
  return AggregatorRegistry.aggregate(judged);
}
