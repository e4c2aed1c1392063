import { endpointsOf } from './endpoint.ts';
import type { RouteConfig } from './schema.ts';

/**
 * Write safety of a route: what it declares, else what its methods say. GET and HEAD are safe, all else is unsafe, and
 * one unsafe endpoint makes the route unsafe: either endpoint may be the one that is sent.
 */

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Methods that RFC 9110 section 9.2.1 defines as safe; only routes made of these may call themselves safe. */
const MAY_BE_SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

type Declared = Pick<RouteConfig, 'direct' | 'gateway' | 'safety'>;

const methodsOf = (route: Declared) =>
  [...endpointsOf(route.direct), ...endpointsOf(route.gateway)].map((endpoint) => endpoint.method);

export function safetyOf(route: Declared): 'safe' | 'idempotent' | 'unsafe' {
  return route.safety ?? (methodsOf(route).every((method) => SAFE_METHODS.has(method)) ? 'safe' : 'unsafe');
}

/** The methods of the route that write, whatever it declares. */
export function writingMethods(route: Declared): string[] {
  return [...new Set(methodsOf(route).filter((method) => !MAY_BE_SAFE.has(method)))];
}
