import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { enrich, startEnriching, startScene, WEBHOOK_SECRET } from './kit/enrichment.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade, type TestFacadeOptions } from './kit/facade.ts';
import { startOtlpReceiver, treesOf, type OtlpReceiver, type TakenSpan } from './kit/otlp.ts';
import { startPostgres } from './kit/postgres.ts';
import { startProcess } from './kit/process.ts';
import { refusedUrl, startUpstream, until, type TestUpstream } from './kit/upstream.ts';

/** Traces over sockets: what a collector receives, and what upstreams are told. */

const LEAD_ID = '0123456789abcdef0123456789abcdef';
const LEAD = `/integration/leads/${LEAD_ID}`;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const known = { authorization: `Bearer ${FACADE_TOKEN}` };
const context = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };

let receiver: OtlpReceiver;
let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade | undefined;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  const answer: Parameters<typeof startUpstream>[0] = ({ url }, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ data: { id: url.split('/').at(-1), type: 'lead' } }));
  };
  [direct, gateway] = await Promise.all([startUpstream(answer), startUpstream(answer)]);
});
afterEach(async () => {
  await facade?.stop();
  facade = undefined;
  await Promise.all([receiver.close(), direct.close(), gateway.close()]);
});

async function start(options: Partial<TestFacadeOptions> = {}): Promise<TestFacade> {
  const { env, ...more } = options;
  return (facade = await startFacade({
    direct: direct.url,
    gateway: gateway.url,
    ...more,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
  }));
}

const rollout =
  (values: object) =>
  (config: Document): void =>
    setRoute(config, 'leads.get', ['rollout'], { gateway: 0, stickyBy: 'leadId', fallback: 'direct', ...values });

async function read(path = LEAD, headers: Record<string, string> = {}): Promise<Response> {
  const res = await fetch(facade!.url + path, { headers: { ...known, ...headers } });
  await res.arrayBuffer();
  return res;
}

/** Everything that was traced, once the facade has stopped. */
async function taken(): Promise<TakenSpan[]> {
  await facade?.stop();
  facade = undefined;
  return receiver.spans;
}

/** The spans' ids of what an upstream was told. */
const told = ({ received }: TestUpstream): string[] =>
  received.map(({ headers }) => String(headers['traceparent']).split('-').slice(1, 3).join('/'));
const idsOf = (span: TakenSpan | undefined): string => `${span?.traceId}/${span?.spanId}`;

describe('a plain request', () => {
  test('is a server span in the caller’s trace and a try below it, whose context the upstream gets', async () => {
    await start({ env: { OTEL_SERVICE_NAME: 'facade-of-a-test', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20key' } });
    await read(`${LEAD}?phone=5511999990000`, context);
    const spans = await taken();
    expect(treesOf(spans)).toEqual([
      'server GET /integration/leads/:leadId',
      '  client GET /integration/leads/:leadId',
    ]);
    const [attempt, server] = spans;
    expect(server).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, service: 'facade-of-a-test', isError: false });
    expect(server?.attributes).toMatchObject({ 'facade.route': 'leads.get', 'http.response.status_code': 200 });
    expect(told(direct)).toEqual([idsOf(attempt)]);
    expect(direct.received[0]?.headers['tracestate']).toBe('vendor=1');
    expect(receiver.requests[0]).toMatchObject({ url: '/v1/traces', headers: { 'x-key': 'a key' } });
  });

  test('tells the collector nothing of the lead or its query', async () => {
    await start();
    await read(`${LEAD}?phone=5511999990000`);
    await read('/integration/unheard-of/maria@example.com?cpf=1');
    await taken();
    const sent = receiver.requests.map(({ body }) => body).join('');
    expect(sent).toContain('leads.get');
    for (const secret of [LEAD_ID, '5511999990000', 'maria', 'cpf', 'unheard-of', FACADE_TOKEN]) {
      expect(sent).not.toContain(secret);
    }
  });

  test('that passes through is traced too, without a path', async () => {
    await start();
    await read('/integration/unheard-of', context);
    const spans = await taken();
    expect(treesOf(spans)).toEqual(['server GET', '  client GET']);
    expect(spans[1]).toMatchObject({ traceId: TRACE, attributes: { 'facade.path': 'passthrough' } });
    expect(told(direct)).toEqual([idsOf(spans[0])]);
  });

  test('that is not sampled is not exported, and the upstream is told so', async () => {
    await start({ env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' } });
    await read();
    await read(LEAD, context);
    expect((await taken()).map(({ traceId }) => traceId)).toEqual([TRACE, TRACE]);
    expect(direct.received.map(({ headers }) => String(headers['traceparent']).slice(-2))).toEqual(['00', '01']);
  });
});

test('a failover is two tries below one request', async () => {
  await start({ gateway: await refusedUrl(), edit: rollout({ gateway: 100 }) });
  expect((await read(LEAD, context)).headers.get('x-facade-path')).toBe('direct');
  const spans = await taken();
  expect(treesOf(spans)).toEqual([
    'server GET /integration/leads/:leadId',
    '  client GET /leads/:leadId',
    '  client GET /integration/leads/:leadId',
  ]);
  const [failed, served, server] = spans;
  expect(failed).toMatchObject({
    isError: true,
    attributes: { 'facade.path': 'gateway', 'error.type': 'upstream_connect' },
  });
  expect(served).toMatchObject({
    isError: false,
    attributes: { 'facade.path': 'direct', 'http.request.resend_count': 1 },
  });
  expect(server).toMatchObject({ isError: false, attributes: { 'facade.path': 'direct' } });
  expect(told(direct)).toEqual([idsOf(served)]);
});

test('a shadow is a trace of its own, linked to the request, never in the caller’s', async () => {
  await start({
    edit(config) {
      rollout({ shadow: 100 })(config);
      config.setIn(['compare', 'minNoise'], 0);
      config.setIn(['compare', 'noiseShare'], 0.01);
    },
  });
  await read(LEAD, context);
  await until(() => gateway.received.length === 1, 'the shadow arrives');
  await until(() => facade!.metric(/^facade_shadow_total\{route="leads.get"/).then((n) => n === 1), 'it is compared');
  const spans = await taken();
  expect(treesOf(spans)).toEqual([
    'server GET /integration/leads/:leadId',
    '  client GET /integration/leads/:leadId',
    'client GET /leads/:leadId',
  ]);
  const [, server, shadow] = spans;
  expect(shadow).toMatchObject({
    parentSpanId: '',
    links: [{ traceId: TRACE, spanId: server?.spanId }],
    attributes: { 'facade.copy': 'shadow', 'facade.path': 'gateway', 'http.response.status_code': 200 },
  });
  expect(shadow?.traceId).not.toBe(TRACE);
  expect(told(gateway)).toEqual([idsOf(shadow)]);
});

test('an enrichment is a run with its steps, and below them what it asks of the CRM through the facade', async () => {
  const [postgres, scene] = await Promise.all([startPostgres(), startScene()]);
  try {
    facade = await startEnriching(scene.sandbox, {
      databaseUrl: await postgres.createDatabase(),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    });
    const [leadId = ''] = SEED_LEAD_IDS;
    expect((await enrich(facade, leadId)).status).toBe(200);
    const push = await fetch(`${facade.url}/api/v1/webhooks/c2s/${WEBHOOK_SECRET}`, { method: 'POST', body: '[]' });
    expect(push.status).toBe(200);
    const spans = await taken();
    expect(treesOf(spans)).toEqual([
      'internal enrichment',
      '  internal enrichment lead',
      '    server GET /integration/leads/:leadId',
      '      client GET /integration/leads/:leadId',
      '  internal enrichment identify',
      '  internal enrichment enrich',
      '  internal enrichment compose',
      '  internal enrichment store',
      '  internal enrichment send',
      '    server POST /integration/leads/:leadId/create_message',
      '      client POST /integration/leads/:leadId/create_message',
      'server POST /api/v1/c2s/enrich/:leadId',
      'server POST /api/v1/webhooks/c2s/:secret',
    ]);
    const [run, order] = ['enrichment', 'POST /api/v1/c2s/enrich/:leadId'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(order?.attributes['facade.enrichment_id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(run?.attributes['facade.enrichment_id']).toBe(order?.attributes['facade.enrichment_id']);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
    expect(spans.filter(({ isError }) => isError)).toEqual([]);
    const sent = receiver.requests.map(({ body }) => body).join('');
    for (const secret of [leadId, WEBHOOK_SECRET]) expect(sent).not.toContain(secret);
  } finally {
    await facade?.stop();
    facade = undefined;
    await scene.close();
    await postgres.close();
  }
}, 40_000);

describe('a receiver that is away', () => {
  test('costs no request anything, and holds no stop up for long', async () => {
    await start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: await refusedUrl() } });
    expect((await read()).status).toBe(200);
    const began = performance.now();
    expect(await facade?.stop()).toBe(true);
    facade = undefined;
    expect(performance.now() - began).toBeLessThan(6_000);
  });
});

describe('off', () => {
  test('the caller’s context passes through as it came, on a route and beside it', async () => {
    await start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } });
    await read(LEAD, context);
    await read('/integration/unheard-of', context);
    for (const { headers } of direct.received) expect(headers).toMatchObject(context);
    expect(direct.received).toHaveLength(2);
    await taken();
    expect(receiver.requests).toEqual([]);
  });

  /** Says on standard error which of OpenTelemetry's modules are loaded. */
  const WATCHED = `data:text/javascript,${encodeURIComponent(`
      import { registerHooks } from 'node:module';
      registerHooks({
        load(url, context, next) {
          const [, name] = /@opentelemetry\\/([^/]+)/.exec(url) ?? [];
          if (name) process.stderr.write('LOADED ' + name + '\\n');
          return next(url, context);
        },
      });`)}`;

  async function loadedBy(env: Record<string, string>): Promise<string[]> {
    const child = startProcess({
      env: { C2S_BASE_URL: direct.url, NODE_OPTIONS: `--import=${WATCHED}`, ...env },
    });
    try {
      const { url } = await child.ready();
      expect((await fetch(url + LEAD, { headers: known })).status).toBe(200);
      child.child.kill('SIGTERM');
      expect(await child.exited()).toBe(0);
      const modules = new Set([...child.stderr().matchAll(/^LOADED (.+)$/gm)].map(([, name]) => name ?? ''));
      return [...modules];
    } finally {
      await child.close();
    }
  }

  test('nothing of OpenTelemetry is loaded but the interface that prom-client loads anyway; on, it is', async () => {
    expect(await loadedBy({})).toEqual(['api']);
    const modules = await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(modules).toEqual(expect.arrayContaining(['sdk-trace', 'exporter-trace-otlp-http']));
    expect(treesOf(receiver.spans)).toContain('server GET /integration/leads/:leadId');
  });
});
