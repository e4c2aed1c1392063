import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startSandbox } from '../../../src/c2s/sandbox/index.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from '../kit/facade.ts';
import { inBatches, Opened } from '../kit/load.ts';
import { enrichingEnv } from '../kit/enrichment.ts';
import { startPostgres } from '../kit/postgres.ts';
import { hasPrometheus, promtool, startPrometheus, type Prometheus } from '../kit/prometheus.ts';
import { expressions, parsePromql, rules } from '../kit/promql.ts';
import { startUpstream, until } from '../kit/upstream.ts';

/**
 * A real Prometheus scrapes a running facade, and every expression of every panel, annotation and rule is asked of it.
 * Conditions are asked with `bool` at each comparison, so that they too must find all their series while all is well.
 */

interface MayBeEmpty {
  /** Metrics that are not there yet, with the reason: what uses one may be empty. */
  readonly metrics: Readonly<Record<string, string>>;
  /** Single expressions, as Prometheus is asked them. */
  readonly expressions: Readonly<Record<string, string>>;
}
const mayBeEmpty = JSON.parse(readFileSync('test/e2e/external/may-be-empty.json', 'utf8')) as MayBeEmpty;
const TESTS = 'grafana/prometheus/tests';

if (!hasPrometheus)
  console.log('prometheus and promtool are not installed: their tests are skipped (apt-get install prometheus)');

describe.skipIf(!hasPrometheus)('promtool', () => {
  test('takes the scrape configuration and the rules', async () => {
    expect(await promtool('check', 'config', 'grafana/prometheus/prometheus.yml')).toContain('SUCCESS');
  });

  // One call a file: given several, promtool 2.42 runs all at the pace of the first. Weeks of samples take a while.
  test.each(readdirSync(TESTS))(
    'finds the alerts of %s fire when they should alone',
    { timeout: 180_000 },
    async (file) => {
      expect(await promtool('test', 'rules', `${TESTS}/${file}`)).toContain('SUCCESS');
    },
  );
});

describe.skipIf(!hasPrometheus)('a Prometheus that scrapes a facade under traffic', () => {
  const opened = new Opened();
  let facade: TestFacade;
  let prometheus: Prometheus;
  let stopTraffic: () => Promise<void>;

  beforeAll(async () => {
    facade = await startTroubled(opened);
    prometheus = opened.keep(await startPrometheus([new URL(facade.adminUrl).host]));
    stopTraffic = keepAsking(facade);
    // Rates need two scrapes, what is recorded of them an evaluation, and what compares that another one.
    const last = 'job_route:facade_upstream_p95:gateway_over_direct{route="leads.get"} > 0';
    await until(async () => (await prometheus.query(last)).length > 0, 'the last recording rule has a value', 20_000);
  }, 45_000);
  afterAll(async () => {
    await stopTraffic();
    await opened.closeAll();
  });

  test('gets series for every expression, or the reason why there are none is written down', async () => {
    const asked = expressions().map((one) => ({ ...one, expr: asAsked(one.kind, one.expr) }));
    const empty = async (): Promise<string[]> => {
      const found = await inBatches(asked.length, 8, async (i) => {
        const { at, expr } = asked[i] as (typeof asked)[number];
        const excused =
          expr in mayBeEmpty.expressions || parsePromql(expr).metrics.some((name) => name in mayBeEmpty.metrics);
        const series = await prometheus.query(expr).catch((error: unknown) => {
          throw new Error(`${at}: ${expr}`, { cause: error });
        });
        return series.length === 0 && !excused ? [`${at}: ${expr}`] : [];
      });
      return found.flat();
    };
    // What is recorded of what is recorded comes last; what never comes is listed.
    let still = await empty();
    const end = performance.now() + 15_000;
    while (still.length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      still = await empty();
    }
    expect(asked.length).toBeGreaterThan(100);
    expect(still).toEqual([]);
  });

  test('needs every entry of that list', async () => {
    const unneeded: string[] = [];
    for (const metric of Object.keys(mayBeEmpty.metrics)) {
      if ((await prometheus.query(metric)).length > 0) unneeded.push(`${metric} has series now`);
    }
    const asked = new Set(expressions().map(({ kind, expr }) => asAsked(kind, expr)));
    for (const expr of Object.keys(mayBeEmpty.expressions)) {
      if (!asked.has(expr)) unneeded.push(`nobody asks ${expr}`);
      else if ((await prometheus.query(expr)).length > 0) unneeded.push(`${expr} has series now`);
    }
    expect(unneeded).toEqual([]);
  });

  test('evaluates every rule without an error', async () => {
    interface Evaluated {
      readonly groups: readonly { readonly rules: readonly { name: string; health: string; lastError?: string }[] }[];
    }
    const found = async () => (await prometheus.api<Evaluated>('rules')).groups.flatMap((group) => group.rules);
    await until(async () => (await found()).every(({ health }) => health !== 'unknown'), 'all were evaluated', 10_000);
    const evaluated = await found();
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(evaluated).toHaveLength(rules().length);
  });

  test('sees the open breaker and the writes of which nobody knows', async () => {
    const pending = 'ALERTS{alertname=~"FacadeGatewayBreakerOpen|FacadeUnknownWrites"}';
    const names = async () => new Set((await prometheus.query(pending)).map(({ metric }) => metric['alertname']));
    await until(async () => (await names()).size === 2, 'both alerts are pending or firing', 10_000);
  });
});

function asAsked(kind: 'value' | 'condition', expr: string): string {
  return kind === 'condition' ? parsePromql(expr).asBool : expr;
}

/**
 * Half of leads.get by a sound gateway, compared and on autopilot; leads.tags.list by one that fails; a write whose answer
 * is cut off, and one that is read back and not found; enrichment on a database of its own.
 */
async function startTroubled(opened: Opened): Promise<TestFacade> {
  const json = { 'content-type': 'application/json' };
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200, json).end('{"data":[]}')));
  const gateway = opened.keep(
    await startUpstream(({ url, method }, res) => {
      if (method === 'POST') res.destroy();
      else if (url.endsWith('/tags')) res.writeHead(500, json).end('{"detail":"broken"}');
      else res.writeHead(200, json).end('{"data":[]}');
    }),
  );
  const sandbox = opened.keep(await startSandbox());
  const postgres = opened.keep(await startPostgres());
  return opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      env: enrichingEnv(sandbox, await postgres.createDatabase()),
      edit: (config: Document) => {
        setRoute(config, 'leads.get', ['rollout', 'gateway'], 50);
        setRoute(config, 'leads.get', ['rollout', 'shadow'], 100);
        setRoute(config, 'leads.get', ['autopilot'], {});
        setRoute(config, 'leads.update', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.update', ['verify', 'sample'], 100);
        setRoute(config, 'leads.update', ['verify', 'after'], '0s');
        setRoute(config, 'leads.tags.list', ['rollout', 'gateway'], 100);
        // It stays open for the test: the alert wants one that does not close again.
        setRoute(config, 'leads.tags.list', ['breaker'], { volumeThreshold: 5, reset: '10m' });
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
        config.setIn(['upstreams', 'direct', 'rateBudget'], config.createNode({ requests: 1000, period: '1s' }));
      },
    }),
  );
}

/** About 40 requests a second until it is stopped, and never for longer than a minute. */
function keepAsking(facade: TestFacade): () => Promise<void> {
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
  const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
    await (await fetch(facade.url + path, { headers, ...init })).text();
  };
  const round = (i: number): Promise<unknown> =>
    Promise.all([
      ...[0, 1, 2, 3].map((n) => ask(`/integration/leads/${i * 4 + n}`)),
      ask(`/integration/leads/${i}/tags`),
      ask(`/integration/leads/${i}/unclaimed`),
      ...(i % 10 === 0 ? [ask('/api/v1/enrichments/none')] : []),
      ...(i % 10 === 0 ? [ask(`/leads/${i}/messages`, { method: 'POST', body: '{"message":"hello"}' })] : []),
      ...(i % 10 === 5 ? [ask(`/leads/${i}`, { method: 'PATCH', body: '{"customer":"Ana"}' })] : []),
    ]);
  let isStopped = false;
  const end = performance.now() + 60_000;
  const traffic = (async () => {
    for (let i = 0; !isStopped && performance.now() < end; i++) {
      await round(i);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })();
  return () => {
    isStopped = true;
    return traffic;
  };
}
