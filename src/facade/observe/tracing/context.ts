import type { IncomingHttpHeaders } from 'node:http';
import { ROOT_CONTEXT, type Context, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** The W3C trace context (traceparent, tracestate), in and out. `baggage` is the caller's own and passes as it came. */

const propagator = new W3CTraceContextPropagator();

const incoming: TextMapGetter<IncomingHttpHeaders> = {
  get: (headers, name) => headers[name],
  keys: Object.keys,
};

const pairs: TextMapSetter<string[]> = {
  set: (headers, name, value) => void headers.push(name, value),
};

const record: TextMapSetter<Record<string, string>> = {
  set: (headers, name, value) => void (headers[name] = value),
};

/** What the caller sent; the root when it sent none, or none that is valid. */
export function contextFrom(headers: IncomingHttpHeaders): Context {
  return propagator.extract(ROOT_CONTEXT, headers, incoming);
}

/** Puts the context in the place of whatever the headers hold. @param headers name and value alternating. */
export function giveContext(context: Context, headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const name = (headers[i] as string).toLowerCase();
    if (name === 'traceparent' || name === 'tracestate') headers.splice(i, 2);
  }
  propagator.inject(context, headers, pairs);
}

/** The same for whoever writes headers as a record. */
export function headersOf(context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, record);
  return headers;
}
