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
 * Events in the window, the first ones included: series of rare outcomes are born at 1, and increase() needs a sample
 * before that to see it. A series that did not exist a window ago counts whole.
 */
export function events(selector: string, by: string, window: string): string {
  return `sum by (${by}) ((${selector} unless ${selector} offset ${window}) or increase(${selector}[${window}]))`;
}
