import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createEnrichmentMetrics } from '../../../src/c2s/enrichment/metrics.ts';
import { AutopilotMetrics } from '../../../src/facade/compare/autopilot/metrics.ts';
import { DriftMetrics } from '../../../src/facade/compare/drift/metrics.ts';
import { ComparisonMetrics } from '../../../src/facade/compare/metrics.ts';
import { UnknownWriteMetrics } from '../../../src/facade/compare/unknown-writes/metrics.ts';
import { NotificationMetrics } from '../../../src/facade/notify/metrics.ts';
import { Metrics } from '../../../src/facade/observe/metrics.ts';
import { createMigrationRatio } from '../../../src/facade/steer/burn-down.ts';
import { observeShared } from '../../../src/facade/steer/metrics.ts';
import { expressions, parsePromql, rules } from '../../e2e/kit/promql.ts';

const alerts = rules().filter(({ alert }) => alert !== undefined);

/** What Prometheus itself makes of a scrape. */
const OF_PROMETHEUS = ['up', 'ALERTS', 'scrape_duration_seconds', 'scrape_samples_scraped'];

/** Every name that may stand in an expression: registered, recorded, Prometheus's own, or written down as coming. */
async function knownNames(): Promise<Set<string>> {
  const metrics = new Metrics();
  createEnrichmentMetrics(metrics.registry, {
    count: async () => undefined,
    countDead: async () => undefined,
    isUp: () => true,
  });
  metrics.observeInflight(() => []);
  metrics.observeOverload(() => ({ connections: 0, admitted: 1 }));
  new AutopilotMetrics(metrics.registry);
  new DriftMetrics(metrics.registry);
  new ComparisonMetrics(metrics.registry, { reports: () => [] }, () => 0);
  new UnknownWriteMetrics(metrics.registry);
  new NotificationMetrics(metrics.registry);
  createMigrationRatio(metrics.registry);
  metrics.observeLog(() => 0);
  observeShared(metrics.registry, () => ({ hasStore: true, silenceMs: 0, revision: 0, behind: 0 }));
  const registered = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
  const list = JSON.parse(readFileSync('test/e2e/external/may-be-empty.json', 'utf8')) as { metrics: object };
  return new Set([
    ...registered.flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]),
    ...rules().flatMap(({ record }) => record ?? []),
    ...Object.keys(list.metrics),
    ...OF_PROMETHEUS,
  ]);
}

test('every expression is PromQL', () => {
  expect(expressions().length).toBeGreaterThan(100);
  for (const { at, expr } of expressions()) expect(parsePromql(expr).errors, at).toEqual([]);
});

test('the reader of PromQL notices what Prometheus would refuse', () => {
  expect(parsePromql('sum(rate(a[5m])').errors).not.toEqual([]);
  expect(parsePromql('max by (b) (a) offset 1m').errors).not.toEqual([]);
  expect(parsePromql('a{b!="c"} > 1 and d == bool 2').asBool).toBe('a{b!="c"} > bool 1 and d == bool 2');
});

test('every metric is one that the facade, a recording rule or Prometheus makes', async () => {
  const known = await knownNames();
  for (const { at, expr } of expressions()) {
    for (const name of parsePromql(expr).metrics) expect(known.has(name), `${at}: ${name}`).toBe(true);
  }
});

test('every alert says how bad it is, what happened, and where it is written what to do', () => {
  const docs = readFileSync('docs/alerts.md', 'utf8');
  const sections = [...docs.matchAll(/^### (\w+)\n\*(\w+)\.\*/gm)].map(([, name, severity]) => ({ name, severity }));
  expect(sections).toEqual(alerts.map(({ alert, labels }) => ({ name: alert, severity: labels?.['severity'] })));
  for (const { alert = '', annotations, for: held } of alerts) {
    expect(held, alert).toMatch(/^\d+[mh]$/);
    expect(annotations, alert).toMatchObject({
      summary: expect.stringMatching(/\w/) as string,
      description: expect.stringMatching(/\.$/) as string,
      runbook_url: `docs/alerts.md#${alert.toLowerCase()}`,
    });
  }
});

test('of every alert it is tested that it fires, and that it does not', () => {
  interface Check {
    readonly expr: string;
    readonly exp_samples: readonly unknown[];
  }
  const files = readdirSync('grafana/prometheus/tests').map((file) =>
    readFileSync(`grafana/prometheus/tests/${file}`, 'utf8'),
  );
  const checks = files.flatMap((text) =>
    (parse(text) as { tests: { promql_expr_test?: Check[] }[] }).tests.flatMap((group) => group.promql_expr_test ?? []),
  );
  for (const { alert } of alerts) {
    const own = checks.filter(({ expr }) => expr.includes(`alertname="${alert}"`));
    expect(
      own.some(({ exp_samples }) => exp_samples.length > 0),
      `${alert} fires`,
    ).toBe(true);
    expect(
      own.some(({ exp_samples }) => exp_samples.length === 0),
      `${alert} does not fire`,
    ).toBe(true);
  }
});
