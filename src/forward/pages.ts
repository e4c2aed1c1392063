import express, { type Express } from 'express';
import type { Handler } from './data-plane.ts';

/**
 * What is no route: Express serves the facade's own pages, and what they do not claim goes through. No body parser and
 * no other middleware stands here: the bytes that pass through must be those that came.
 */
export function createPages(passThrough: Handler, isDraining: () => boolean): Express {
  const pages = express();
  pages.disable('x-powered-by');
  pages.disable('etag');
  // The gateway's root and health (contracts.md), answered by the facade on its own base URL; a load balancer's too.
  pages.get(['/', '/health'], (_req, res) => {
    res.status(isDraining() ? 503 : 200).json({ status: isDraining() ? 'draining' : 'ok', service: 'c2s-facade' });
  });
  pages.use((req, res) => passThrough(req, res));
  return pages;
}
