import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, labelVariable, type Section } from '../kit/dashboard.ts';
import { q, series, stat } from '../kit/panels.ts';
import { ofJob, quantile, rate } from '../promql.ts';
import { EVENT_LOOP_LAG, OPEN_FILES_SHARE, RATE_BUDGET_WAIT } from '../settings.ts';

/** The process itself: when everything is slow at once, the cause is here or below. */

const INSTANCE = 'instance=~"$instance"';
const ofInstance = (metric: string, ...matchers: string[]): string => ofJob(metric, INSTANCE, ...matchers);

const now: Section = {
  title: 'Now',
  panels: [
    stat({
      title: 'Instances up',
      description: 'Instances whose metrics Prometheus can read, of those it knows.',
      unit: 'percentunit',
      width: 6,
      base: 'red',
      thresholds: [[1, 'green']],
      queries: [q(`avg(${ofJob('up')})`, 'up')],
    }),
    stat({
      title: 'Youngest process',
      description: 'Time since the last start. Young without a deployment: it crashed and was restarted.',
      unit: 's',
      width: 6,
      base: 'orange',
      thresholds: [[600, 'green']],
      queries: [q(`time() - max(${ofInstance('process_start_time_seconds')})`, 'age')],
    }),
    stat({
      title: 'Event loop lag (p99)',
      description: 'Of the worst instance. Every request pays it.',
      unit: 's',
      width: 6,
      thresholds: [[EVENT_LOOP_LAG, 'red']],
      queries: [q(`max(${ofInstance('nodejs_eventloop_lag_p99_seconds')})`, 'lag')],
    }),
    stat({
      title: 'Tables in service',
      description:
        'Tables in service at once, by their digest. More than one for longer than a reload takes: the instances disagree.',
      unit: 'short',
      width: 6,
      thresholds: [[2, 'red']],
      queries: [q(`count(count by (digest) (${ofJob('facade_config_info')}))`, 'tables')],
    }),
  ],
};

const loop: Section = {
  title: 'Event loop, CPU and memory',
  panels: [
    series({
      title: 'Event loop lag',
      description: `How late the loop comes. About 10 ms is the resolution of the measurement. Alerts above ${EVENT_LOOP_LAG} s.`,
      unit: 's',
      thresholds: [[EVENT_LOOP_LAG, 'red']],
      queries: [
        q(ofInstance('nodejs_eventloop_lag_p50_seconds'), '{{instance}} p50'),
        q(ofInstance('nodejs_eventloop_lag_p99_seconds'), '{{instance}} p99'),
        q(ofInstance('nodejs_eventloop_lag_max_seconds'), '{{instance}} max'),
      ],
    }),
    series({
      title: 'CPU',
      description: 'Cores in use. The facade lives on one; near 1 it is full: add an instance.',
      unit: 'short',
      thresholds: [[0.9, 'red']],
      queries: [q(rate(ofInstance('process_cpu_seconds_total'), 'instance'), '{{instance}}')],
    }),
    series({
      title: 'Memory',
      description: 'Resident memory and the used heap. A heap that grows for days without coming back is a leak.',
      unit: 'bytes',
      queries: [
        q(ofInstance('process_resident_memory_bytes'), '{{instance}} resident'),
        q(ofInstance('nodejs_heap_size_used_bytes'), '{{instance}} heap used'),
        q(ofInstance('nodejs_heap_size_total_bytes'), '{{instance}} heap'),
      ],
    }),
    series({
      title: 'Time in garbage collection',
      description: 'Share of the time, by kind. Above a few percent the heap is too small or garbage is made too fast.',
      unit: 'percentunit',
      thresholds: [[0.05, 'orange']],
      queries: [q(rate(ofInstance('nodejs_gc_duration_seconds_sum'), 'instance, kind'), '{{instance}} {{kind}}')],
    }),
    series({
      title: 'Longest collections (p99)',
      description: 'While a major collection runs, nothing else does.',
      unit: 's',
      queries: [
        q(quantile(0.99, ofInstance('nodejs_gc_duration_seconds_bucket'), 'instance, kind'), '{{instance}} {{kind}}'),
      ],
    }),
    series({
      title: 'What the process holds',
      description: 'Sockets, timers and other resources by type. What only ever grows leaks.',
      unit: 'short',
      queries: [q(`sum by (type) (${ofInstance('nodejs_active_resources')})`, '{{type}}')],
    }),
  ],
};

const upstreams: Section = {
  title: 'Upstreams',
  panels: [
    series({
      title: 'Requests under way',
      description: 'To each upstream. At maxInflight of the config file the bulkhead refuses more.',
      unit: 'short',
      queries: [q(`sum by (upstream) (${ofInstance('facade_inflight')})`, '{{upstream}}')],
    }),
    series({
      title: 'Turned away',
      description:
        'Requests that were answered 503 before anything was done with them, by what there was too much of: server.overload of the config file. Alerts.',
      unit: 'reqps',
      thresholds: [[1, 'red']],
      queries: [q(rate(ofInstance('facade_shed_total'), 'instance, reason'), '{{instance}} {{reason}}')],
    }),
    series({
      title: 'Connections of callers',
      description: 'Open ones, idle ones included. Beyond server.overload.maxConnections they are refused.',
      unit: 'short',
      queries: [q(ofInstance('facade_connections'), '{{instance}}')],
    }),
    series({
      title: 'Wait for the rate budget (p95)',
      description: `Only upstreams with a rateBudget have one. Alerts above ${RATE_BUDGET_WAIT} s; whoever would wait longer than longestWait is refused.`,
      unit: 's',
      thresholds: [[RATE_BUDGET_WAIT, 'red']],
      queries: [q(quantile(0.95, ofInstance('facade_rate_budget_wait_seconds_bucket'), 'upstream'), '{{upstream}}')],
    }),
    series({
      title: 'Granted by the rate budget',
      description:
        'Requests that the budget let through. Flat at its rate: it is spent, and the rest waits or is refused.',
      unit: 'reqps',
      queries: [q(rate(ofInstance('facade_rate_budget_wait_seconds_count'), 'upstream'), '{{upstream}}')],
    }),
    series({
      title: 'File descriptors in use',
      description: `Every connection takes one. Alerts above ${OPEN_FILES_SHARE * 100} %.`,
      unit: 'percentunit',
      max: 1,
      thresholds: [[OPEN_FILES_SHARE, 'red']],
      queries: [q(`${ofInstance('process_open_fds')} / ${ofInstance('process_max_fds')}`, '{{instance}}')],
    }),
    series({
      title: 'Log lines dropped',
      description:
        'Lines that could not be written: standard output is full or gone, or its reader stalls. Traffic goes on. Alerts.',
      unit: 'cps',
      thresholds: [[0.001, 'red']],
      queries: [q(rate(ofInstance('facade_log_dropped_total'), 'instance'), '{{instance}}')],
    }),
    series({
      title: 'Time to read the metrics',
      description:
        'What a scrape takes. It grows with the number of series; the labels are bounded, so it should be flat.',
      unit: 's',
      queries: [q(ofInstance('scrape_duration_seconds'), '{{instance}}')],
    }),
    series({
      title: 'Series',
      description:
        'Samples in a scrape. New routes and outcomes add some; a steady climb is a label that nobody bounded.',
      unit: 'short',
      queries: [q(ofInstance('scrape_samples_scraped'), '{{instance}}')],
    }),
  ],
};

export const processDashboard = (): Dashboard =>
  dashboard({
    uid: 'c2s-facade-process',
    title: 'C2S facade / Process',
    description: 'Event loop, memory, connections and budgets of the facade itself.',
    from: 'now-3h',
    variables: [
      labelVariable('instance', 'Instance', ofJob('facade_config_info'))
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ text: 'All', value: '$__all' }),
    ],
    sections: [now, loop, upstreams],
  });
