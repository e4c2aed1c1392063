import type { OtlpSettings } from '../../config/environment.ts';
import type { Logger } from '../../../http/log.ts';
import type { Tracing } from './trace.ts';

/**
 * The one door to OpenTelemetry: behind it 18 MB of packages, of which nothing is loaded when it stays shut.
 * Undefined when there is nowhere to send traces.
 */
export async function openTracing(settings: OtlpSettings | undefined, log: Logger): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  const { startOtel } = await import('./otel.ts');
  log.info({ service: settings.serviceName, sampler: settings.sampler, ratio: settings.ratio }, 'traces are sent');
  return startOtel(settings, log);
}
