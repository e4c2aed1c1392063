import { ConfigRefused } from '../../config/config-refused.ts';
import type { OtlpSettings } from '../../config/environment.ts';
import { codeOf } from '../../../http/error-code.ts';
import type { Logger } from '../../../http/log.ts';
import type { Tracing } from './trace.ts';

/**
 * The one door to OpenTelemetry: behind it 18 MB of optional packages, of which nothing is loaded when it stays shut.
 * Undefined when there is nowhere to send traces.
 * @throws ConfigRefused when they are not installed.
 */
export async function openTracing(settings: OtlpSettings | undefined, log: Logger): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  const { startOtel } = await loadOtel();
  log.info({ service: settings.serviceName, sampler: settings.sampler, ratio: settings.ratio }, 'traces are sent');
  return startOtel(settings, log);
}

async function loadOtel() {
  try {
    return await import('./otel.ts');
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const remedy = 'install without --omit=optional, or unset OTEL_EXPORTER_OTLP_ENDPOINT';
    throw new ConfigRefused(`OTEL_EXPORTER_OTLP_ENDPOINT: needs OpenTelemetry, which is not installed; ${remedy}`, {
      cause: error,
    });
  }
}
