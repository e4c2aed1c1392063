import express, { type Router } from 'express';
import { z } from 'zod';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { Steering } from '../steer/steering.ts';
import { answer, readAs } from './answer.ts';

/** GET /api/history?route=&limit=&before=: what was flipped, newest first. */

interface HistoryRoutesOptions {
  readonly steering: Steering;
}

const query = z.strictObject({
  route: z.string().min(1).optional(),
  limit: z.coerce.number<string>().int().min(1).max(500).default(50),
  before: z.coerce.number<string>().int().min(1).optional(),
});

const KEPT_IN_DATABASE = 'in the database';
const NOT_KEPT =
  'in memory only, the last 1,000 lines: lost with a restart. Leave DATABASE_URL unset, or set it, to keep it.';

export function historyRoutes({ steering }: HistoryRoutesOptions): Router {
  const routes = express.Router();
  const read = answer(async (req) => {
    const found = await steering.history(readAs(query, req.query));
    return { ...found, kept: steering.flips?.isLasting ? KEPT_IN_DATABASE : NOT_KEPT };
  });
  routes.route('/history').get(read).all(methodNotAllowed);
  return routes;
}
