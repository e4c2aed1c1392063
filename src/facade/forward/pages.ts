import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Router } from 'express';
import type { Logger } from '../../http/log.ts';
import { continueWhenRead } from '../../http/json-body.ts';
import { TokenScanner } from './token-scanner.ts';
import { OwnedPaths } from './owned-paths.ts';
import { parseTarget } from './target.ts';
import { isOtherVersion, isStoreAway } from '../store/unavailable.ts';
import { NOT_FOUND, pageErrors, refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';

/**
 * The facade's own pages on the public listener, served by Express: its health, and what a router adds (the
 * enrichment's endpoints and webhooks). What no page claims never enters Express: its bytes are those that came.
 */
export interface Pages {
  /** @param path raw path without query. */
  claims(method: string, path: string): boolean;
  /** @param expectsContinue the caller waits to be asked for its body, and is asked by whoever reads it. */
  serve(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void;
  /** Holds the secret of a page: where no page has the address it is misspelt, and whoever is asked instead would read it. */
  holdsSecret(text: string): boolean;
  /** The head shows a secret that was agreed on for pages, such as a webhook's: no stranger sends it. */
  vouchesFor(req: IncomingMessage): boolean;
}

/** A router and the paths that it answers whole, whatever the method: `/api/v1` and all below it. */
export interface PageRouter {
  /** However a path below them is written, it is answered here and never passed on (owned-paths.ts). */
  readonly prefixes: readonly string[];
  readonly router: Router;
  /** What the router leaves of them is answered with this; default: 404. */
  readonly notFound?: Problem;
  /** Secrets that stand in its addresses, if any. Those of fewer than 16 characters are not looked for elsewhere. */
  readonly secrets?: readonly string[];
  /** See {@link Pages}; left out: for nobody. */
  readonly vouchesFor?: (req: IncomingMessage) => boolean;
}

/** The gateway's root and health, answered by the facade on its own base URL; a load balancer's too. */
const HEALTH = ['/', '/health'];

/** @param path raw path without query, origin cut off: load balancers write both, and a slash at the end. */
export function isHealthCheck(method: string, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && (HEALTH.includes(path) || path === '/health/');
}

/** @param isDraining the process is ending. */
export function createPages(isDraining: () => boolean, log: Logger, routers: readonly PageRouter[] = []): Pages {
  const pages = express();
  pages.disable('x-powered-by');
  pages.disable('etag');
  pages.get(HEALTH, (_req, res) => {
    const draining = isDraining();
    res.status(draining ? 503 : 200).json({ status: draining ? 'draining' : 'ok', service: 'c2s-facade' });
  });
  for (const { router } of routers) pages.use(router);
  const owners = routers.map(({ prefixes, notFound }) => ({ paths: new OwnedPaths(prefixes), notFound }));
  const ownerOf = (path: string) => owners.find(({ paths }) => paths.owns(path));
  pages.use((req, res) => refuse(req, res, ownerOf(parseTarget(req.url).path)?.notFound ?? NOT_FOUND));
  pages.use(pageErrors({ log, isAway: isStoreAway, isOtherVersion }));
  const secrets = new TokenScanner(routers.flatMap((one) => one.secrets ?? []));
  return {
    holdsSecret: (text) => secrets.finds(text),
    claims(method, path) {
      return isHealthCheck(method, path) || ownerOf(path) !== undefined;
    },
    serve(req, res, expectsContinue) {
      if (expectsContinue) continueWhenRead(req, res);
      pages(req, res);
    },
    vouchesFor: (req) => routers.some((one) => one.vouchesFor?.(req) === true),
  };
}
