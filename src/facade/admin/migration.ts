import express, { type Router } from 'express';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { BurnDown } from '../steer/burn-down.ts';
import { answer } from './answer.ts';

/** GET /api/migration: the burn-down. */
export function migrationRoutes({ burnDown }: { readonly burnDown: BurnDown }): Router {
  const routes = express.Router();
  const read = answer(() => burnDown.read());
  routes.route('/migration').get(read).all(methodNotAllowed);
  return routes;
}
