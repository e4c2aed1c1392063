import type { Logger } from '../../http/log.ts';
import type { RunTraces } from '../../facade/observe/tracing/trace.ts';
import type { EnrichmentResult, Step } from './enrichment.ts';
import type { EnrichmentMetrics } from './metrics.ts';

/** Where a run is: before and after each step, and around the one moment that cannot be taken back. */
type RunPoint = `${Step}:begun` | `${Step}:saved` | 'intended' | 'answered';

/** One step, as it went. `lost`: another process has the work now. */
export interface StepReport {
  readonly enrichmentId: string;
  /** Who ordered it (orders.ts). */
  readonly caller: string | null;
  readonly step: Step;
  readonly result: 'ok' | 'again' | 'end' | 'lost' | 'error';
  /** Why it is tried again, or ended. */
  readonly reason?: string | undefined;
  readonly ms: number;
  /** Milliseconds until the next try. */
  readonly retryIn?: number | undefined;
}

/** Of an enrichment, what its log lines say. */
interface Ran {
  readonly id: string;
  readonly caller: string | null;
}

/** Who watches runs. */
export interface RunObserver {
  reached?(point: RunPoint, enrichmentId: string): void;
  stepped(report: StepReport): void;
  /** A step threw. */
  failed(step: Step, ran: Ran, error: unknown): void;
  ended(ran: Ran, result: EnrichmentResult): void;
}

/** A line and a measurement a step; no personal data, no lead id (it stands in the row). */
export function createObserver(metrics: EnrichmentMetrics, log: Logger): RunObserver {
  return {
    stepped({ enrichmentId, caller, step, result, reason, ms, retryIn }) {
      metrics.stepDuration.observe({ step, result }, ms / 1000);
      const level = result === 'error' ? 'warn' : 'info';
      log[level](
        { enrichment: enrichmentId, caller, step, result, reason, retryIn, ms: Math.round(ms) },
        'enrichment step',
      );
    },
    failed(step, { id, caller }, error) {
      log.error({ err: error, enrichment: id, caller, step }, 'enrichment: a step failed in a way nobody foresaw');
    },
    ended({ id, caller }, result) {
      metrics.enrichments.inc({ result });
      log.info({ enrichment: id, caller, result }, 'enrichment ended');
    },
  };
}

/** The same runs, traced too. */
export function traced(observer: RunObserver, runs: RunTraces): RunObserver {
  return {
    ...observer,
    reached(point, enrichmentId) {
      const [step, when] = point.split(':');
      if (step !== undefined && when === 'begun') runs.stepBegins(enrichmentId, step);
      observer.reached?.(point, enrichmentId);
    },
    stepped(report) {
      const { enrichmentId, result, reason } = report;
      runs.stepEnded(enrichmentId, { result, reason, goesOn: result === 'ok' });
      observer.stepped(report);
    },
  };
}
