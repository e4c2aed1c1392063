import type { OtlpSettings } from '../../config/environment.ts';
import type { Logger } from '../log.ts';
import type { Tracing } from './trace.ts';

/** The one door to OpenTelemetry: behind it 18 MB of optional packages, of which nothing is loaded when it stays shut. */

/**
 * Undefined when there is nowhere to send traces, or when the packages are not installed: a facade that cannot be traced
 * serves all the same, and says what is missing.
 */
export async function openTracing(settings: OtlpSettings | undefined, log: Logger): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  try {
    const { startOtel } = await import('./otel.ts');
    log.info({ service: settings.serviceName, sampler: settings.sampler, ratio: settings.ratio }, 'traces are sent');
    return startOtel(settings, log);
  } catch (error) {
    if (!isMissing(error)) throw error;
    log.error(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: nothing is traced. It is an optional ' +
        'dependency; install without --omit=optional, or unset the variable',
    );
    return undefined;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
