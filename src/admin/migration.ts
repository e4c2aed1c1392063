import express, { type Router } from 'express';
import type { BurnDown } from '../steer/burn-down.ts';
import { answer } from './answer.ts';

/** GET /api/migration: the burn-down. */
export function migrationRoutes({ burnDown }: { readonly burnDown: BurnDown }): Router {
  const routes = express.Router();
  routes.get(
    '/migration',
    answer(() => burnDown.read()),
  );
  return routes;
}
