import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { LastKnown } from '../../http/last-known.ts';
import { RESULTS, STATES, STEPS, type State } from './enrichment.ts';

/** The metrics of the enrichment. Dashboards and alerts rely on their names. */

/** Seconds: a step that only computes, to a Work API that takes a minute. */
const BUCKETS = [0.025, 0.1, 0.5, 2.5, 10, 60];

export interface EnrichmentMetrics {
  readonly enrichments: Counter<'result'>;
  readonly stepDuration: Histogram<'step' | 'result'>;
}

/** A scrape is answered within a second, above all while the database says nothing. */
const COUNT_TIMEOUT_MS = 500;

/** @param count enrichments by state, over all instances; undefined while there is no database. */
export function createEnrichmentMetrics(
  registry: Registry,
  count: () => Promise<Partial<Record<State, number>> | undefined>,
): EnrichmentMetrics {
  const enrichments = new Counter({
    name: 'facade_enrichments_total',
    help: 'Enrichments that this process ended, by what they came to.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  const stepDuration = new Histogram({
    name: 'facade_enrichment_step_duration_seconds',
    help: 'One try of one step of an enrichment.',
    labelNames: ['step', 'result'] as const,
    buckets: BUCKETS,
    registers: [registry],
  });
  showJobs(registry, new LastKnown(count, COUNT_TIMEOUT_MS));
  for (const result of RESULTS) enrichments.inc({ result }, 0);
  // Its usual outcome only: a series for each bucket of each pair would be three hundred.
  for (const step of STEPS) stepDuration.zero({ step, result: step === 'send' ? 'end' : 'ok' });
  return { enrichments, stepDuration };
}

/** An unknown number is no number: where it was never known there is no series, rather than a reassuring zero. */
function showJobs(registry: Registry, counts: LastKnown<Partial<Record<State, number>>>): void {
  const common = { aggregator: 'max' as const, registers: [registry] };
  new Gauge({
    ...common,
    name: 'facade_jobs',
    help: 'Enrichments by state, over all instances; of the ended ones those of the last day.',
    labelNames: ['state'] as const,
    async collect() {
      const known = await counts.read();
      this.reset();
      if (known) for (const state of STATES) this.set({ state }, known.value[state] ?? 0);
    },
  });
  new Gauge({
    ...common,
    name: 'facade_jobs_age_seconds',
    help: 'How old facade_jobs is: the database was asked at each scrape since, and did not answer.',
    async collect() {
      const known = await counts.read();
      this.remove();
      if (known) this.set(known.ageMs / 1_000);
    },
  });
}
