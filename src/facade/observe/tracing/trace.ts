import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from '../../rollout/outcome.ts';
import type { Endpoint, Path, ServedPath } from '../../rollout/route.ts';

/**
 * Traces, as those see them who are traced. Off is `undefined` everywhere: whoever is watched asks `trace?.…`, and that
 * question is all that tracing costs then. What stands behind it (otel.ts) is only loaded when it is on.
 *
 * A trace knows what a metric knows: route ids and path templates, methods, outcomes, statuses. Never a URL, a header, a
 * body or an address of a caller.
 */

export interface Tracing {
  /** A request begins. */
  request(asked: TracedRequest): RequestTrace;
  /** A request to an endpoint of the facade's own begins. @param template its path, parameters by name. */
  endpoint(asked: Omit<TracedRequest, 'match'>, template: string): EndpointTrace;
  /** The enrichments of this process. */
  readonly runs: RunTraces;
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
}

export interface TracedRequest {
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly socket?: object;
  };
  /** Stands in the request's log line, too. */
  readonly requestId: string;
  /** Undefined: no route claims it, and it passes through. */
  readonly match: TracedMatch | undefined;
}

export interface TracedMatch {
  readonly dialect: Path;
  readonly endpoint: Endpoint;
  readonly route: { readonly model: { readonly id: string } & Readonly<Record<Path, readonly Endpoint[]>> };
}

export interface TracedUpstream {
  readonly path: Path;
  readonly origin: string;
}

export interface RequestTrace {
  /**
   * A try begins; one at a time.
   * @param headers what it sends, name and value alternating: its own context takes the place of the caller's there.
   */
  attempt(to: TracedUpstream, method: string, headers: string[]): void;
  /** The try that began last has ended. @param status 0: there was no answer. */
  settled(outcome: Outcome, status: number): void;
  /** A path was not tried. */
  notTried(path: Path, outcome: Outcome): void;
  /** The request has ended. */
  ended(path: ServedPath, outcome: Outcome, status: number): void;
  /** A read on the request's account when it has been answered: a trace of its own, linked to this one. */
  copy(kind: CopyKind, to: TracedUpstream, method: string, headers: string[]): CopyTrace;
}

export interface EndpointTrace {
  /** It ordered this enrichment, or asks for it: its runs are traces of their own. */
  concerns(enrichmentId: string): void;
  ended(status: number): void;
}

export type CopyKind = 'shadow' | 'read-back';

export interface CopyTrace {
  /** @param status 0: there was no answer. */
  ended(outcome: Outcome, status: number): void;
}

/** Runs of enrichments, by the enrichment's id, each a trace with a span for each step. */
export interface RunTraces {
  stepBegins(runId: string, step: string): void;
  /** @param goesOn another step follows at once, in the same run. */
  stepEnded(
    runId: string,
    end: { readonly result: string; readonly reason?: string | undefined; readonly goesOn: boolean },
  ): void;
  /** What a call made in a run's step carries; none when no such run is under way. */
  headersOf(runId: string): Readonly<Record<string, string>> | undefined;
}
