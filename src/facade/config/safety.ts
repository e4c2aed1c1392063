import { facesOf } from './face.ts';
import type { RouteConfig } from './schema.ts';

/**
 * Write safety of a row: what it declares, else what its methods say. GET and HEAD are safe, all else is unsafe, and
 * one unsafe face makes the row unsafe: either face may be the one that is sent.
 */

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Methods that RFC 9110 section 9.2.1 defines as safe; only rows made of these may call themselves safe. */
const MAY_BE_SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

type Declared = Pick<RouteConfig, 'direct' | 'gateway' | 'safety'>;

const methodsOf = (route: Declared) => [...facesOf(route.direct), ...facesOf(route.gateway)].map((face) => face.method);

export function safetyOf(route: Declared): 'safe' | 'idempotent' | 'unsafe' {
  return route.safety ?? (methodsOf(route).every((method) => SAFE_METHODS.has(method)) ? 'safe' : 'unsafe');
}

/** The methods of the row that write, whatever it declares. */
export function writingMethods(route: Declared): string[] {
  return [...new Set(methodsOf(route).filter((method) => !MAY_BE_SAFE.has(method)))];
}
