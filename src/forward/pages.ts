import express, { type Express, type Router } from 'express';
import type { DataPlane } from './data-plane.ts';

/**
 * What is no route: Express serves the facade's own pages, and what they do not claim goes through. No body parser and
 * no other middleware stands here: the bytes that pass through must be those that came.
 * @param routers further pages (the enrichment's); they touch nothing but what they claim.
 */
export function createPages(dataPlane: DataPlane, routers: readonly Router[] = []): Express {
  const pages = express();
  pages.disable('x-powered-by');
  pages.disable('etag');
  // The gateway's root and health (contracts.md), answered by the facade on its own base URL; a load balancer's too.
  pages.get(['/', '/health'], (_req, res) => {
    const { draining } = dataPlane;
    res.status(draining ? 503 : 200).json({ status: draining ? 'draining' : 'ok', service: 'c2s-facade' });
  });
  for (const router of routers) pages.use(router);
  pages.use((req, res) => dataPlane.passThrough(req, res));
  return pages;
}
