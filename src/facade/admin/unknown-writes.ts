import express, { type Router } from 'express';
import { z } from 'zod';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { UnknownWrites } from '../compare/unknown-writes/unknown-writes.ts';
import { UNKNOWN_WRITE_STATES, type UnknownWrite } from '../store/unknown-write.ts';
import { answer, readAs, reasonOf, smallBody } from './answer.ts';

/**
 * Writes of which nobody knows whether they were carried out. Behind the guard of the admin API.
 *
 *     GET  /api/unknown-writes?state=&route=&limit=&after=   newest first
 *     POST /api/unknown-writes/settle                        {ids, who?, why, found?}: somebody has seen to them
 */

interface UnknownWriteRoutesOptions {
  readonly unknownWrites: UnknownWrites;
  readonly adminToken: string | undefined;
}

const query = z.strictObject({
  state: z.enum(UNKNOWN_WRITE_STATES).optional(),
  route: z.string().min(1).max(100).optional(),
  limit: z.coerce.number<string>().int().min(1).max(500).default(50),
  after: z.uuid().optional(),
});
const settleBody = z.strictObject({
  ids: z.array(z.uuid()).min(1).max(500),
  who: z.string().trim().min(1).max(100).optional(),
  why: z.string().trim().min(1).max(500),
  found: z.enum(['arrived', 'not_arrived']).optional(),
});

const KEPT_IN_DATABASE = 'in the database';
const KEPT_IN_MEMORY =
  'in memory of this process only, the last 1,000: lost with a restart. Set DATABASE_URL to keep them.';

export function unknownWriteRoutes({ unknownWrites, adminToken }: UnknownWriteRoutesOptions): Router {
  const routes = express.Router();
  const list = answer(async (req) => {
    const asked = readAs(query, req.query);
    const [found, counts] = await Promise.all([unknownWrites.list(asked), unknownWrites.counts()]);
    return {
      kept: unknownWrites.isLasting ? KEPT_IN_DATABASE : KEPT_IN_MEMORY,
      counts: Object.fromEntries(
        UNKNOWN_WRITE_STATES.map((state) => [
          state,
          counts.reduce((sum, one) => sum + (one.state === state ? one.count : 0), 0),
        ]),
      ),
      unknownWrites: found.map(shown),
      ...(found.length === asked.limit && { next: found.at(-1)?.id }),
    };
  });
  const settle = answer(async (req) => {
    const { ids, found, ...signature } = readAs(settleBody, req.body);
    const { who, identity, source } = reasonOf(req, signature, adminToken);
    const at = new Date().toISOString();
    return { settled: await unknownWrites.settle(ids, { at, who, why: signature.why, identity, source, found }) };
  });
  routes.route('/unknown-writes').get(list).all(methodNotAllowed);
  routes.route('/unknown-writes/settle').post(smallBody, settle).all(methodNotAllowed);
  return routes;
}

/** What an operator sees: the hashes say nothing to anybody. */
function shown({ checks, nextLookAt, ...write }: UnknownWrite): object {
  return { ...write, isLookedFor: checks !== null && write.state === 'open', nextLookAt };
}
