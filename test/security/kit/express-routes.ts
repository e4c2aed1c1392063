import type { Router } from 'express';

/** A route of an Express app as it was registered. */
export interface ExpressRoute {
  /** With its parameters: `/api/routes/:id/timeline`. */
  readonly path: string;
  /** In capitals, without HEAD. */
  readonly methods: readonly string[];
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly rawPath: string | readonly string[];
  readonly handle: { readonly stack?: readonly Layer[] };
}

/**
 * Every route of an app or a router, those of the routers in it included: read from Express's own lists, so that a
 * route that somebody adds is in the tables of the tests without being asked.
 */
export function routesOf(router: Router, prefix = ''): ExpressRoute[] {
  return (router.stack as unknown as readonly Layer[]).flatMap(({ route, rawPath, handle }) => {
    if (handle.stack && !route) return routesOf(handle as unknown as Router, prefix + mount(rawPath));
    if (!route) return [];
    const methods = Object.keys(route.methods).filter((method) => method !== '_all');
    const paths = [route.path].flat();
    return paths.map((path) => ({
      path: prefix + (path === '/' && prefix !== '' ? '' : path),
      methods: methods.map((method) => method.toUpperCase()),
    }));
  });
}

const mount = (rawPath: Layer['rawPath']): string => (typeof rawPath === 'string' && rawPath !== '/' ? rawPath : '');

/** The path with every parameter replaced. */
export const filled = (path: string, value: string): string => path.replace(/\{?[:*]\w+\}?/g, value);
