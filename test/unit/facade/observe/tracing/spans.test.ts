import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import type { OtlpSettings } from '../../../../../src/facade/config/environment.ts';
import { tracingTo } from '../../../../../src/facade/observe/tracing/otel.ts';
import type { TracedMatch, Tracing } from '../../../../../src/facade/observe/tracing/trace.ts';

/** Spans as they are made, into memory; over sockets they are looked at in test/e2e/tracing.test.ts. */

const endpoint = (method: string, template: string) => ({ method, template, segments: [] });
const DIRECT = endpoint('GET', '/integration/leads/:leadId');
const GATEWAY = endpoint('GET', '/leads/:leadId');
const match: TracedMatch = {
  dialect: 'direct',
  endpoint: DIRECT,
  route: { model: { id: 'leads.get', direct: [DIRECT], gateway: [GATEWAY] } },
};
const direct = { path: 'direct', origin: 'https://crm.example' } as const;
const gateway = { path: 'gateway', origin: 'http://127.0.0.1:8001' } as const;

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const traceparent = (flags = '01') => `00-${TRACE}-${PARENT}-${flags}`;

interface Scene {
  readonly tracing: Tracing;
  /** Ends it, and tells what was exported. */
  readonly spans: () => Promise<ReadableSpan[]>;
}

function open(settings: Partial<OtlpSettings> = {}): Scene {
  const exported: ReadableSpan[] = [];
  const exporter = {
    export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
      exported.push(...spans);
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const tracing = tracingTo(exporter, {
    serviceName: 'facade',
    sampler: 'parentbased_always_on',
    ratio: 1,
    ...settings,
  });
  return {
    tracing,
    async spans() {
      await tracing.close();
      return exported;
    },
  };
}

const begin = ({ tracing }: Scene, headers: Record<string, string> = {}, method = 'GET') =>
  tracing.request({ req: { method, headers }, requestId: 'r-1', match });

const contextOf = (headers: readonly string[]): string | undefined => headers[headers.indexOf('traceparent') + 1];

describe('a request', () => {
  test('is a server span by the template of its route, and a client span below it for each try', async () => {
    const scene = open();
    const trace = begin(scene);
    const first: string[] = [];
    trace.attempt(gateway, 'GET', first);
    trace.settled('upstream_connect', 0);
    const second: string[] = [];
    trace.attempt(direct, 'GET', second);
    trace.settled('ok', 200);
    trace.ended('direct', 'ok', 200);
    const [failed, tried, server] = await scene.spans();
    expect(server).toMatchObject({
      name: 'GET /integration/leads/:leadId',
      kind: SpanKind.SERVER,
      parentSpanContext: undefined,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/integration/leads/:leadId',
        'url.path': '/integration/leads/:leadId',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'facade.route': 'leads.get',
        'facade.dialect': 'direct',
        'facade.path': 'direct',
        'facade.outcome': 'ok',
        'facade.request_id': 'r-1',
      },
    });
    expect(failed).toMatchObject({
      name: 'GET /leads/:leadId',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'server.address': '127.0.0.1',
        'server.port': 8001,
        'url.template': '/leads/:leadId',
        'facade.path': 'gateway',
        'error.type': 'upstream_connect',
      },
    });
    expect(failed?.attributes).not.toHaveProperty('http.response.status_code');
    expect(tried).toMatchObject({
      name: 'GET /integration/leads/:leadId',
      attributes: { 'server.address': 'crm.example', 'server.port': 443, 'http.request.resend_count': 1 },
    });
    for (const [span, headers] of [
      [failed, first],
      [tried, second],
    ] as const) {
      const { traceId, spanId } = span!.spanContext();
      expect(span?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
      expect(headers).toEqual(['traceparent', `00-${traceId}-${spanId}-01`]);
    }
  });

  test('that no route claims has no path at all', async () => {
    const scene = open();
    const trace = scene.tracing.request({ req: { method: 'POST', headers: {} }, requestId: 'r-2', match: undefined });
    trace.attempt(direct, 'POST', []);
    trace.settled('ok', 201);
    trace.ended('passthrough', 'ok', 201);
    const [call, server] = await scene.spans();
    expect([server?.name, call?.name]).toEqual(['POST', 'POST']);
    expect(server?.attributes).not.toHaveProperty('url.path');
    expect([server?.attributes['facade.path'], call?.attributes['facade.path']]).toEqual([
      'passthrough',
      'passthrough',
    ]);
  });

  test('tells what was not tried', async () => {
    const scene = open();
    const trace = begin(scene);
    trace.notTried('gateway', 'facade_breaker_open');
    trace.ended('direct', 'ok', 200);
    const [server] = await scene.spans();
    expect(server?.events).toMatchObject([
      { name: 'facade.not_tried', attributes: { 'facade.path': 'gateway', 'facade.outcome': 'facade_breaker_open' } },
    ]);
  });

  test.each([
    ['a 4xx of the upstream', 'ok', 404, undefined],
    ['a caller that left', 'client_respond', 499, undefined],
    ['a 5xx of the upstream', 'upstream_error', 503, 'upstream_error'],
    ['an answer that was cut', 'upstream_body', 200, 'upstream_body'],
    ['a full bulkhead', 'facade_bulkhead_full', 503, 'facade_bulkhead_full'],
  ] as const)(
    '%s is an error of the server span only where it is one of ours',
    async (_name, outcome, status, error) => {
      const scene = open();
      begin(scene).ended('direct', outcome, status);
      const [server] = await scene.spans();
      expect(server?.attributes['error.type']).toBe(error);
      expect(server?.status.code).toBe(error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
    },
  );

  test('a 404 is an error of the try: whoever asked got no lead', async () => {
    const scene = open();
    const trace = begin(scene);
    trace.attempt(direct, 'GET', []);
    trace.settled('ok', 404);
    const [call] = await scene.spans();
    expect(call?.attributes['error.type']).toBe('404');
  });

  test('a try that ends after the request still ends, and settling twice is settling once', async () => {
    const scene = open();
    const trace = begin(scene);
    trace.attempt(direct, 'GET', []);
    trace.ended('direct', 'client_respond', 499);
    trace.settled('client_respond', 0);
    trace.settled('ok', 200);
    expect((await scene.spans()).map(({ kind }) => kind)).toEqual([SpanKind.SERVER, SpanKind.CLIENT]);
  });
});

test('an endpoint of the facade’s own is a server span by its template, in the caller’s trace', async () => {
  const scene = open();
  const req = { method: 'POST', headers: { traceparent: traceparent() } };
  for (const status of [202, 404, 503]) {
    const trace = scene.tracing.endpoint({ req, requestId: 'r-3' }, '/api/v1/c2s/enrich/:leadId');
    if (status === 202) trace.concerns('e-3');
    trace.ended(status);
  }
  const [accepted, missing, failed] = await scene.spans();
  expect(accepted).toMatchObject({
    name: 'POST /api/v1/c2s/enrich/:leadId',
    kind: SpanKind.SERVER,
    parentSpanContext: { traceId: TRACE, spanId: PARENT },
    attributes: { 'facade.enrichment_id': 'e-3', 'http.response.status_code': 202 },
  });
  expect([missing?.status.code, failed?.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
});

describe('the context of the caller', () => {
  test('is the parent, and in what is sent the try stands in its place; tracestate goes on', async () => {
    const scene = open();
    const trace = begin(scene, { traceparent: traceparent(), tracestate: 'vendor=1' });
    const headers = [
      'Accept',
      '*/*',
      'TraceParent',
      traceparent(),
      'x-a',
      '1',
      'tracestate',
      'vendor=1',
      'traceparent',
      'x',
    ];
    trace.attempt(direct, 'GET', headers);
    trace.settled('ok', 200);
    trace.ended('direct', 'ok', 200);
    const [call, server] = await scene.spans();
    expect(server?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: PARENT, isRemote: true });
    const sent = `00-${TRACE}-${call?.spanContext().spanId}-01`;
    expect(headers).toEqual(['Accept', '*/*', 'x-a', '1', 'traceparent', sent, 'tracestate', 'vendor=1']);
  });

  test.each([
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `ff-${TRACE}-${PARENT}-01`,
    `${traceparent()}, ${traceparent()}`,
  ])('that is %o begins a trace of our own', async (given) => {
    const scene = open();
    const trace = begin(scene, { traceparent: given, tracestate: 'vendor=1' });
    const headers = ['traceparent', given, 'tracestate', 'vendor=1'];
    trace.attempt(direct, 'GET', headers);
    trace.settled('ok', 200);
    trace.ended('direct', 'ok', 200);
    const [call, server] = await scene.spans();
    expect(server?.parentSpanContext).toBeUndefined();
    expect(headers).toEqual(['traceparent', `00-${call?.spanContext().traceId}-${call?.spanContext().spanId}-01`]);
  });
});

describe('the sampler', () => {
  const isTraced = async (settings: Partial<OtlpSettings>, headers: Record<string, string> = {}): Promise<boolean> => {
    const scene = open(settings);
    begin(scene, headers).ended('direct', 'ok', 200);
    return (await scene.spans()).length > 0;
  };

  test.each([
    ['always_on', 1, true, true, true],
    ['always_off', 1, false, false, false],
    ['traceidratio', 1, true, true, true],
    ['traceidratio', 0, false, false, false],
    ['parentbased_always_on', 1, true, true, false],
    ['parentbased_always_off', 1, false, true, false],
    ['parentbased_traceidratio', 0, false, true, false],
  ] as const)('%s (%d)', async (sampler, ratio, alone, underSampled, underUnsampled) => {
    const settings = { sampler, ratio };
    expect(await isTraced(settings)).toBe(alone);
    expect(await isTraced(settings, { traceparent: traceparent('01') })).toBe(underSampled);
    expect(await isTraced(settings, { traceparent: traceparent('00') })).toBe(underUnsampled);
  });

  test('what it leaves out is passed on as left out, with a context all the same', async () => {
    const scene = open({ sampler: 'always_off' });
    const trace = begin(scene, { traceparent: traceparent('01') });
    const headers: string[] = [];
    trace.attempt(direct, 'GET', headers);
    expect(contextOf(headers)).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-00$`));
    const copied: string[] = ['traceparent', traceparent('01')];
    trace.copy('shadow', gateway, 'GET', copied).ended('ok', 200);
    expect(contextOf(copied)).toMatch(/-00$/);
    trace.settled('ok', 200);
    trace.ended('direct', 'ok', 200);
    expect(await scene.spans()).toEqual([]);
  });
});

describe('a copy', () => {
  test('is a trace of its own, linked to the request, and carries its own context', async () => {
    const scene = open({ sampler: 'parentbased_traceidratio', ratio: 0 });
    const trace = begin(scene, { traceparent: traceparent() });
    trace.ended('direct', 'ok', 200);
    const headers = ['traceparent', traceparent()];
    trace.copy('shadow', gateway, 'GET', headers).ended('upstream_respond_timeout', 0);
    const [server, shadow] = await scene.spans();
    expect(shadow).toMatchObject({
      name: 'GET /leads/:leadId',
      kind: SpanKind.CLIENT,
      parentSpanContext: undefined,
      links: [{ context: { traceId: TRACE, spanId: server?.spanContext().spanId } }],
      attributes: { 'facade.copy': 'shadow', 'facade.path': 'gateway', 'error.type': 'upstream_respond_timeout' },
    });
    const { traceId, spanId } = shadow!.spanContext();
    expect(traceId).not.toBe(TRACE);
    expect(headers).toEqual(['traceparent', `00-${traceId}-${spanId}-01`]);
  });

  test('that reads a write back is not named after the write', async () => {
    const scene = open();
    const trace = begin(scene, {}, 'POST');
    trace.copy('read-back', direct, 'GET', []).ended('ok', 200);
    const [copy] = await scene.spans();
    expect(copy).toMatchObject({ name: 'GET', attributes: { 'facade.copy': 'read-back' } });
    expect(copy?.attributes).not.toHaveProperty('url.template');
  });
});

describe('a run of an enrichment', () => {
  test('has its steps below it, and its calls carry the step', async () => {
    const { tracing, spans } = open();
    const { runs } = tracing;
    expect(runs.headersOf('e-1')).toBeUndefined();
    runs.stepBegins('e-1', 'lead');
    const carried = runs.headersOf('e-1')?.['traceparent'];
    runs.stepEnded('e-1', { result: 'ok', goesOn: true });
    runs.stepBegins('e-1', 'identify');
    runs.stepEnded('e-1', { result: 'again', reason: 'diretrix_unavailable', goesOn: false });
    expect(runs.headersOf('e-1')).toBeUndefined();
    const [lead, identify, run] = await spans();
    expect([lead?.name, identify?.name, run?.name]).toEqual(['enrichment lead', 'enrichment identify', 'enrichment']);
    for (const step of [lead, identify]) expect(step?.parentSpanContext?.spanId).toBe(run?.spanContext().spanId);
    expect(carried).toBe(`00-${lead?.spanContext().traceId}-${lead?.spanContext().spanId}-01`);
    expect(lead?.status.code).toBe(SpanStatusCode.UNSET);
    expect(identify).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'facade.step': 'identify', 'facade.result': 'again', 'error.type': 'diretrix_unavailable' },
    });
    expect(run?.attributes).toMatchObject({ 'facade.enrichment_id': 'e-1', 'facade.result': 'again' });
  });

  test('that goes on is another one, and an end that nobody began is none', async () => {
    const { tracing, spans } = open();
    tracing.runs.stepEnded('e-2', { result: 'ok', goesOn: false });
    for (const _ of [1, 2]) {
      tracing.runs.stepBegins('e-2', 'send');
      tracing.runs.stepEnded('e-2', { result: 'end', reason: 'sent', goesOn: false });
    }
    const all = await spans();
    expect(all.map(({ name }) => name)).toEqual(['enrichment send', 'enrichment', 'enrichment send', 'enrichment']);
    expect(new Set(all.map((span) => span.spanContext().traceId)).size).toBe(2);
  });
});
