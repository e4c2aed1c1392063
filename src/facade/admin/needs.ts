import express, { type Router } from 'express';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { UnknownWrites } from '../compare/unknown-writes/unknown-writes.ts';
import { answer } from './answer.ts';

interface NeedsRoutesOptions {
  readonly unknownWrites: UnknownWrites;
  /** Of an extension, by its path below /api. */
  readonly adminRoutes: readonly { readonly path: string; readonly waiting?: () => Promise<number | undefined> }[];
}

/** GET /api/needs: what waits for a human and stands in no snapshot of the routes, counted. */
export function needsRoutes({ unknownWrites, adminRoutes }: NeedsRoutesOptions): Router {
  const router = express.Router();
  const counted = adminRoutes.filter(({ waiting }) => waiting !== undefined);
  const read = answer(async () => {
    const [writes, ...others] = await Promise.all([
      unknownWrites.counts(),
      ...counted.map(({ waiting }) => waiting?.()),
    ]);
    return {
      unknownWrites: writes.reduce((sum, { state, count }) => sum + (WAITING_STATES.has(state) ? count : 0), 0),
      waiting: Object.fromEntries(counted.map(({ path }, i) => [path, others[i] ?? 0])),
    };
  });
  router.route('/needs').get(read).all(methodNotAllowed);
  return router;
}

/** Of a write that arrived nothing is left to do. */
const WAITING_STATES: ReadonlySet<string> = new Set(['open', 'not_arrived', 'cannot_tell']);
