import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { OtlpSettings } from '../../config/environment.ts';
import type { Logger } from '../../../http/log.ts';
import { watched } from './export.ts';
import { createTracing } from './spans.ts';
import type { Tracing } from './trace.ts';

/**
 * OpenTelemetry, put together by hand and nothing registered globally: the facade may live in a process that has its
 * own. No instrumentation is loaded either; it would patch node:http and undici under the hot path, to guess at what the
 * exchange knows.
 */

/** Milliseconds. */
const EXPORT_TIMEOUT_MS = 10_000;
/** A receiver that is gone must not hold up a stop: what it does not take by then is lost. */
const CLOSE_TIMEOUT_MS = 2_000;
const EXPORT_INTERVAL_MS = 2_000;

export function startOtel(settings: OtlpSettings, log: Logger): Tracing {
  const { endpoint, headers } = settings;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  return tracingTo(watched(exporter, log), settings);
}

/** @param exporter takes the spans, in batches. */
export function tracingTo(
  exporter: SpanExporter,
  settings: Pick<OtlpSettings, 'serviceName' | 'sampler' | 'ratio'>,
): Tracing {
  const resource = resourceFromAttributes({
    'service.name': settings.serviceName,
    'service.instance.id': randomUUID(),
  });
  // What cannot be sent fast enough is dropped, oldest decisions first: traces must not fill the memory.
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: EXPORT_INTERVAL_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const providerOf = (sampler: Sampler) => new TracerProvider({ resource, sampler, spanProcessors: [processor] });
  const own = providerOf(samplerOf(settings.sampler, settings.ratio));
  // A copy is sampled with its request; drawn again, it would hardly ever be there when the request is.
  const copies = providerOf(new AlwaysOnSampler());
  return createTracing({
    tracer: own.getTracer('c2s-facade'),
    copies: copies.getTracer('c2s-facade'),
    close: () => Promise.race([processor.shutdown(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]),
  });
}

function samplerOf(name: OtlpSettings['sampler'], ratio: number): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}
