/** Words for PromQL, where its plain spelling would hide a trap. */

/** `metric{a="b", …}` */
export function select(metric: string, ...matchers: string[]): string {
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(', ')}}`;
}

/** Of the scrape job chosen on the dashboard. */
export function ofJob(metric: string, ...matchers: string[]): string {
  return select(metric, 'job=~"$job"', ...matchers);
}

/** Events a second, summed. The window defaults to Grafana's, which fits the zoom and never falls below four scrapes. */
export function rate(selector: string, by: string, window = '$__rate_interval'): string {
  return `sum by (${by}) (rate(${selector}[${window}]))`;
}

/**
 * Share of one rate in another. A numerator without any series counts as 0: most outcomes have none until they first
 * happen, and a quiet route would show a gap where it should show that nothing failed. No traffic at all is NaN, a gap.
 */
export function share(part: string, whole: string): string {
  return `(${part} or 0 * ${whole}) / ${whole}`;
}

/** Quantile of a histogram. @param by further labels that stay. */
export function quantile(q: number, histogram: string, by: string, window = '$__rate_interval'): string {
  return `histogram_quantile(${q}, ${rate(histogram, `${by}, le`, window)})`;
}

/**
 * Events in the window. The counter must start at 0 in the process (observe/recorder.ts), or its first event is no rise. A range
 * outlives restarts and failed scrapes; an event that happens while scrapes fail is seen only if the window is longer
 * than they fail.
 */
export function events(selector: string, by: string, window: string): string {
  return `sum by (${by}) (increase(${selector}[${window}]))`;
}

/** For so long the last value of an instance that cannot be read counts. */
const KNOWN_FOR = '20m';

/**
 * A gauge of what outlives a restart. While an instance cannot be read its last value counts, for 20 minutes; a series
 * that an instance shows no more ends at once. @param offset such as `offset 1m`
 */
export function known(selector: string, offset = ''): string {
  const at = offset && ` ${offset}`;
  return `(${selector}${at} or (last_over_time(${selector}[${KNOWN_FOR}]${at}) unless on (job, instance) up${at} == 1))`;
}
