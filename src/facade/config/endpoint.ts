/**
 * One spelling of an operation as the operator wrote it: `POST /integration/leads/:leadId/create_message`. The schema
 * has checked the form; whether parameters are sound and claims are unique is for the checks.
 */

export interface EndpointConfig {
  readonly method: string;
  readonly template: string;
  /** Without the slashes; `/` has none. */
  readonly segments: readonly string[];
}

/** `"GET /leads/:leadId"` → method, template and segments. The text must match the schema. */
export function parseEndpoint(text: string): EndpointConfig {
  const space = text.indexOf(' ');
  const template = text.slice(space + 1);
  return {
    method: text.slice(0, space),
    template,
    segments: template === '/' ? [] : template.slice(1).split('/'),
  };
}

/** The endpoints of one side of a route; the first is the one that is sent. */
export function endpointsOf(written: string | readonly string[] | undefined): EndpointConfig[] {
  if (written === undefined) return [];
  return (typeof written === 'string' ? [written] : written).map(parseEndpoint);
}

export const isParameter = (segment: string) => segment.startsWith(':');

/** Names of the path parameters, in the order in which they stand. */
export function parametersOf(endpoint: EndpointConfig): string[] {
  return endpoint.segments.filter(isParameter).map((segment) => segment.slice(1));
}
