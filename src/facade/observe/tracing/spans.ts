import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace as api,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { decisionOf, type Outcome } from '../../rollout/outcome.ts';
import type { Path, ServedPath } from '../../rollout/route.ts';
import { contextFrom, giveContext } from './context.ts';
import { createRuns } from './runs.ts';
import type {
  CopyKind,
  CopyTrace,
  EndpointTrace,
  RequestTrace,
  TracedMatch,
  TracedRequest,
  TracedUpstream,
  Tracing,
} from './trace.ts';

/**
 * Traces as OpenTelemetry's spans, by its conventions for HTTP:
 *
 *   server span `GET /integration/leads/:leadId`   the request
 *     client span `GET /leads/:leadId`             a try, one for each
 *   client span `GET /leads/:leadId`, linked       a shadow: after the answer, so no part of what the caller waited for
 *
 * Paths are templates, in `url.path` too: the path itself holds a lead's id, and a query a phone.
 */

interface Tracers {
  /** Samples as the operator said. */
  readonly tracer: Tracer;
  /** Samples everything. */
  readonly copies: Tracer;
  readonly close: () => Promise<void>;
}

export function createTracing({ tracer, copies, close }: Tracers): Tracing {
  return {
    request: (asked) => new SpanTrace(tracer, copies, asked),
    endpoint: (asked, template) => endpointTrace(tracer, asked, template),
    runs: createRuns(tracer),
    close: () => close().catch(() => undefined),
  };
}

class SpanTrace implements RequestTrace {
  readonly #tracer: Tracer;
  readonly #copies: Tracer;
  readonly #match: TracedMatch | undefined;
  readonly #span: Span;
  readonly #context: Context;
  #attempt: Span | undefined;
  #tries = 0;

  constructor(tracer: Tracer, copies: Tracer, asked: TracedRequest) {
    this.#tracer = tracer;
    this.#copies = copies;
    this.#match = asked.match;
    const { method = '', headers } = asked.req;
    const parent = contextFrom(headers);
    const name = named(method, asked.match?.endpoint.template);
    this.#span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: requestAttributes(asked) }, parent);
    this.#context = api.setSpan(parent, this.#span);
  }

  attempt(to: TracedUpstream, method: string, headers: string[]): void {
    const template = this.#templateOn(to.path);
    const attributes = this.#callAttributes(to, method, template);
    if (this.#tries++ > 0) attributes['http.request.resend_count'] = this.#tries - 1;
    this.#attempt = this.#tracer.startSpan(
      named(method, template),
      { kind: SpanKind.CLIENT, attributes },
      this.#context,
    );
    giveContext(api.setSpan(this.#context, this.#attempt), headers);
  }

  settled(outcome: Outcome, status: number): void {
    if (this.#attempt) endCall(this.#attempt, outcome, status);
    this.#attempt = undefined;
  }

  notTried(path: Path, outcome: Outcome): void {
    this.#span.addEvent('facade.not_tried', { 'facade.path': path, 'facade.outcome': outcome });
  }

  ended(path: ServedPath, outcome: Outcome, status: number): void {
    // By the conventions a 4xx is no error of a server; a caller that leaves is none either.
    this.#span.setAttributes({ 'facade.path': path, 'facade.outcome': outcome });
    end(this.#span, errorOf(outcome, status, 500), status);
  }

  copy(kind: CopyKind, to: TracedUpstream, method: string, headers: string[]): CopyTrace {
    const request = this.#span.spanContext();
    if ((request.traceFlags & TraceFlags.SAMPLED) === 0) {
      // Not wanted, and the other side is told so.
      giveContext(this.#context, headers);
      return UNSEEN;
    }
    // What is read back is another route's.
    const template = kind === 'shadow' ? this.#templateOn(to.path) : undefined;
    const attributes = { ...this.#callAttributes(to, method, template), 'facade.copy': kind };
    const options = { kind: SpanKind.CLIENT, attributes, links: [{ context: request }] };
    const span = this.#copies.startSpan(named(method, template), options, ROOT_CONTEXT);
    giveContext(api.setSpan(ROOT_CONTEXT, span), headers);
    return { ended: (outcome, status) => endCall(span, outcome, status) };
  }

  #callAttributes({ path, origin }: TracedUpstream, method: string, template: string | undefined): Attributes {
    const { hostname, port, protocol } = new URL(origin);
    return {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      'facade.path': this.#match ? path : 'passthrough',
      ...(this.#match && { 'facade.route': this.#match.route.model.id }),
      ...(template !== undefined && { 'url.template': template }),
    };
  }

  /** What is asked in the words of the other side is asked by its first endpoint. */
  #templateOn(path: Path): string | undefined {
    if (!this.#match) return undefined;
    const { dialect, endpoint, route } = this.#match;
    return dialect === path ? endpoint.template : route.model[path][0]?.template;
  }
}

function endpointTrace(tracer: Tracer, asked: Omit<TracedRequest, 'match'>, template: string): EndpointTrace {
  const attributes = requestAttributes({ ...asked, match: undefined });
  attributes['http.route'] = attributes['url.path'] = template;
  const name = named(asked.req.method ?? '', template);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, contextFrom(asked.req.headers));
  return {
    concerns: (enrichmentId) => void span.setAttribute('facade.enrichment_id', enrichmentId),
    ended: (status) => end(span, status >= 500 ? String(status) : undefined, status),
  };
}

const UNSEEN: CopyTrace = { ended: () => undefined };

const named = (method: string, template: string | undefined): string =>
  template === undefined ? method : `${method} ${template}`;

function requestAttributes({ req, requestId, match }: TracedRequest): Attributes {
  return {
    'http.request.method': req.method ?? '',
    'url.scheme': req.socket && 'encrypted' in req.socket ? 'https' : 'http',
    'facade.request_id': requestId,
    ...(match && {
      'http.route': match.endpoint.template,
      'url.path': match.endpoint.template,
      'facade.route': match.route.model.id,
      'facade.dialect': match.dialect,
    }),
  };
}

/** By the conventions a 4xx is an error of whoever asked. */
function endCall(span: Span, outcome: Outcome, status: number): void {
  span.setAttribute('facade.outcome', outcome);
  end(span, errorOf(outcome, status, 400), status);
}

/** What the conventions call `error.type`. @param from statuses from here on are errors. */
function errorOf(outcome: Outcome, status: number, from: number): string | undefined {
  if (status < from && decisionOf(outcome).judge !== 'failure') return undefined;
  return outcome === 'ok' ? String(status) : outcome;
}

function end(span: Span, error: string | undefined, status: number): void {
  if (status > 0) span.setAttribute('http.response.status_code', status);
  if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
