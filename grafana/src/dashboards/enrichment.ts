import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { EnrichmentResult } from '../../../src/c2s/enrichment/enrichment.ts';
import { dashboard, type Section } from '../kit/dashboard.ts';
import { q, series, stat } from '../kit/panels.ts';
import { ofJob, quantile, rate, share } from '../promql.ts';
import { OBJECTIVE } from '../settings.ts';

/** Leads that come in and the messages that go out: does the pipeline keep up, and where does it stick? */

const steps = 'facade_enrichment_step_duration_seconds';
/** Every instance shows the jobs of the one store. */
const jobs = (by: string, ...matchers: string[]): string => `max${by} (${ofJob('facade_jobs', ...matchers)})`;

/** Of what an enrichment can come to: its message arrived; it should have, and did not. The others have none. */
const DELIVERED: readonly EnrichmentResult[] = ['enriched', 'partial', 'already_sent'];
const UNDELIVERED: readonly EnrichmentResult[] = ['refused', 'gave_up', 'unknown'];
const ended = (results: readonly EnrichmentResult[]): string =>
  `sum(increase(${ofJob('facade_enrichments_total', `result=~"${results.join('|')}"`)}[1h]))`;

const now: Section = {
  title: 'Now',
  panels: [
    stat({
      title: 'Enrichments',
      description: 'Finished in the last hour, whatever came of them.',
      unit: 'short',
      width: 6,
      base: 'blue',
      decimals: 0,
      queries: [q(`sum(increase(${ofJob('facade_enrichments_total')}[1h]))`, 'last hour')],
    }),
    stat({
      title: 'Jobs given up',
      description:
        'Dead letters that nobody has seen to: failed at every try, were refused, or nobody knows whether the message went out. See docs/alerts.md, FacadeJobsDead.',
      unit: 'short',
      width: 6,
      thresholds: [[1, 'red']],
      queries: [q(`sum(max by (state) (${ofJob('facade_dead_letters')}))`, 'given up')],
    }),
    stat({
      title: 'Slowest step (p95)',
      description: 'Of the last five minutes. Usually the Work API, which is waited for by its own pace.',
      unit: 's',
      width: 6,
      base: 'blue',
      queries: [q(`max(${quantile(0.95, ofJob(`${steps}_bucket`), 'step', '5m')})`, 'slowest')],
    }),
    stat({
      title: 'Messages not delivered',
      description:
        'Of the enrichments that ended in the last hour with something to say: the share whose message Contact2Sale refused, that was given up, or of which nobody knows.',
      unit: 'percentunit',
      width: 6,
      decimals: 2,
      thresholds: [[1 - OBJECTIVE, 'red']],
      queries: [q(share(ended(UNDELIVERED), ended([...DELIVERED, ...UNDELIVERED])), 'not delivered')],
    }),
  ],
};

const flow: Section = {
  title: 'Flow',
  panels: [
    series({
      title: 'Enrichments by result',
      description: 'What became of leads.',
      unit: 'ops',
      width: 12,
      queries: [q(rate(ofJob('facade_enrichments_total'), 'result'), '{{result}}')],
    }),
    series({
      title: 'Jobs by state',
      description: 'How many jobs there are now. A growing queue: more comes in than the upstreams allow out.',
      unit: 'short',
      width: 12,
      queries: [q(jobs(' by (state)'), '{{state}}')],
    }),
    series({
      title: 'Requests to its endpoints',
      description:
        'Orders, pushes and look-ups by endpoint and status; 499: the caller left. 503: no orders are taken. The first answer with a status draws nothing: its series begins with it.',
      unit: 'reqps',
      width: 24,
      queries: [q(rate(ofJob('facade_enrichment_requests_total'), 'endpoint, status'), '{{endpoint}} {{status}}')],
    }),
  ],
};

const where: Section = {
  title: 'Where it sticks',
  panels: [
    series({
      title: 'Step duration (p95)',
      description: 'Each step of the pipeline: lead, identify, enrich, compose, store, send.',
      unit: 's',
      width: 12,
      queries: [q(quantile(0.95, ofJob(`${steps}_bucket`), 'step'), '{{step}}')],
    }),
    series({
      title: 'Step duration (p50)',
      description: 'The same in the ordinary case.',
      unit: 's',
      width: 12,
      queries: [q(quantile(0.5, ofJob(`${steps}_bucket`), 'step'), '{{step}}')],
    }),
    series({
      title: 'Steps by result',
      description: 'A step that fails leaves its job resumable from there.',
      unit: 'ops',
      width: 12,
      queries: [q(rate(ofJob(`${steps}_count`), 'step, result'), '{{step}} {{result}}')],
    }),
    series({
      title: 'Its traffic on the table',
      description:
        'The pipeline reads leads and writes messages through the table like everybody, so it moves with these routes.',
      unit: 'reqps',
      width: 12,
      queries: [
        q(
          rate(ofJob('facade_requests_total', 'route=~"leads.get|leads.messages.create"'), 'route, path'),
          '{{route}} {{path}}',
        ),
      ],
    }),
  ],
};

export const enrichment = (): Dashboard =>
  dashboard({
    uid: 'c2s-facade-enrichment',
    title: 'C2S facade / Enrichment',
    description: 'From the lead to the message: results, steps, jobs.',
    from: 'now-6h',
    sections: [now, flow, where],
  });
