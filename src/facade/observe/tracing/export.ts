import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../../../http/log.ts';

/** Says when the receiver does not take the spans, once until it takes them again. OpenTelemetry itself keeps silent. */
export function watched(exporter: SpanExporter, log: Logger): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const fails = result.code !== ExportResultCode.SUCCESS;
        if (fails && !isFailing) {
          log.warn({ err: result.error, spans: spans.length }, 'traces are lost: the receiver does not take them');
        } else if (!fails && isFailing) log.info('the receiver takes traces again');
        isFailing = fails;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
