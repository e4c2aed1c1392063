import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { LastKnown } from '../../http/last-known.ts';
import { DEAD_STATES, type DeadState } from './dead-letters.ts';
import { RESULTS, STATES, STEPS, type State } from './enrichment.ts';
import { JUDGED_PUSHES, WEBHOOKS, type JudgedPush, type Webhook } from './webhook-secret.ts';

/** The metrics of the enrichment. Dashboards and alerts rely on their names. */

/** Seconds: a step that only computes, to a Work API that takes a minute. */
const BUCKETS = [0.025, 0.1, 0.5, 2.5, 10, 60];

export interface EnrichmentMetrics {
  readonly enrichments: Counter<'result'>;
  readonly stepDuration: Histogram<'step' | 'result'>;
  /** Pushes by how they were told from a stranger's. */
  readonly pushes: Counter<'webhook' | 'secret'>;
  /** Requests to the endpoints of the enrichment; 499: the caller left. */
  readonly requests: Counter<'endpoint' | 'status'>;
}

/** A scrape is answered within a second, above all while the database says nothing. */
const COUNT_TIMEOUT_MS = 500;

interface MeasuredEnrichments {
  /** Enrichments by state, over all instances; undefined while there is no database. */
  readonly count: () => Promise<Partial<Record<State, number>> | undefined>;
  /** Dead letters that nobody has seen to, by state, over all instances; undefined as above. */
  readonly countDead: () => Promise<Readonly<Record<DeadState, number>> | undefined>;
  /** Whether orders are taken; undefined: by choice of the operator they never are. */
  readonly isUp: () => boolean | undefined;
}

export function createEnrichmentMetrics(
  registry: Registry,
  { count, countDead, isUp }: MeasuredEnrichments,
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
  const pushes = new Counter({
    name: 'facade_webhook_pushes_total',
    help: 'Pushes by where they showed the secret; unsigned: taken without one, limited: 429, refused: 401.',
    labelNames: ['webhook', 'secret'] as const,
    registers: [registry],
  });
  observeStates(registry, STATES, count, {
    name: 'facade_jobs',
    age: 'facade_jobs_age_seconds',
    help: 'Enrichments by state, over all instances; of the ended ones those of the last day.',
  });
  observeStates(registry, DEAD_STATES, countDead, {
    name: 'facade_dead_letters',
    age: 'facade_dead_letters_age_seconds',
    help: 'Enrichments that a human must look at, until they are settled, by state, over all instances.',
  });
  new Gauge({
    name: 'facade_enrichment_up',
    help: '1: orders and pushes are taken. 0: the database, or the queue on it, is not there yet. No series: not configured.',
    aggregator: 'min',
    registers: [registry],
    collect() {
      const up = isUp();
      if (up === undefined) this.remove();
      else this.set(up ? 1 : 0);
    },
  });
  for (const result of RESULTS) enrichments.inc({ result }, 0);
  // Its usual outcome only: a series for each bucket of each pair would be three hundred.
  for (const step of STEPS) stepDuration.zero({ step, result: step === 'send' ? 'end' : 'ok' });
  for (const webhook of WEBHOOKS) for (const secret of judgedOf(webhook)) pushes.inc({ webhook, secret }, 0);
  return { enrichments, stepDuration, pushes, requests: countRequests(registry) };
}

function countRequests(registry: Registry): EnrichmentMetrics['requests'] {
  return new Counter({
    name: 'facade_enrichment_requests_total',
    help: 'Requests to the endpoints of the enrichment, by what they were answered; 499: the caller left before the end.',
    labelNames: ['endpoint', 'status'] as const,
    registers: [registry],
  });
}

/** Google's head has no header of ours, and its pushes are never taken without a key. */
const judgedOf = (webhook: Webhook): readonly JudgedPush[] =>
  webhook === 'c2s' ? JUDGED_PUSHES.filter((one) => one !== 'body') : ['query', 'body', 'refused'];

/**
 * An unknown number is no number: where it was never known there is no series, rather than a reassuring zero. While the
 * database says nothing it is the last one, and `age` says how old it is.
 */
function observeStates<S extends string>(
  registry: Registry,
  states: readonly S[],
  count: () => Promise<Partial<Record<S, number>> | undefined>,
  { name, age, help }: { readonly name: string; readonly age: string; readonly help: string },
): void {
  const counts = new LastKnown(count, COUNT_TIMEOUT_MS);
  const common = { aggregator: 'max' as const, registers: [registry] };
  new Gauge({
    ...common,
    name,
    help,
    labelNames: ['state'] as const,
    async collect() {
      const known = await counts.read();
      this.reset();
      if (known) for (const state of states) this.set({ state }, known.value[state] ?? 0);
    },
  });
  new Gauge({
    ...common,
    name: age,
    help: `How old ${name} is: the database was asked at each scrape since, and did not answer.`,
    async collect() {
      const known = await counts.read();
      this.remove();
      if (known) this.set(known.ageMs / 1_000);
    },
  });
}
