import { ROOT_CONTEXT, SpanStatusCode, trace as api, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { headersOf } from './context.ts';
import type { RunTraces } from './trace.ts';

/**
 * Enrichments: a span for a run, and one below it for each step. A run is a trace of its own: the one who ordered it may
 * have left long ago, and a retry runs wherever there is room, so what joins the runs of one enrichment is its id.
 */

interface RunUnderWay {
  readonly span: Span;
  readonly context: Context;
  step: Span | undefined;
  stepContext: Context;
}

/** Results of a step that are no error: `again` is one, whatever the reason. */
const WELL = new Set(['ok', 'end']);

export function createRuns(tracer: Tracer): RunTraces {
  const underWay = new Map<string, RunUnderWay>();
  const begin = (runId: string): RunUnderWay => {
    const span = tracer.startSpan('enrichment', { attributes: { 'facade.enrichment_id': runId } }, ROOT_CONTEXT);
    const context = api.setSpan(ROOT_CONTEXT, span);
    const run = { span, context, step: undefined, stepContext: context };
    underWay.set(runId, run);
    return run;
  };
  return {
    stepBegins(runId, step) {
      const run = underWay.get(runId) ?? begin(runId);
      run.step = tracer.startSpan(`enrichment ${step}`, { attributes: { 'facade.step': step } }, run.context);
      run.stepContext = api.setSpan(run.context, run.step);
    },
    stepEnded(runId, { result, reason, goesOn }) {
      const run = underWay.get(runId);
      if (!run) return;
      finish(run.step, result, reason);
      run.step = undefined;
      if (goesOn) return;
      underWay.delete(runId);
      finish(run.span, result, reason);
    },
    headersOf(runId) {
      const run = underWay.get(runId);
      return run && headersOf(run.stepContext);
    },
  };
}

function finish(span: Span | undefined, result: string, reason: string | undefined): void {
  if (!span) return;
  span.setAttribute('facade.result', result);
  if (reason !== undefined) span.setAttribute('facade.reason', reason);
  if (!WELL.has(result)) {
    span.setAttribute('error.type', reason ?? result);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
