import { Router, type Request } from 'express';
import { z } from 'zod';
import { Refused, methodNotAllowed } from '../../http/page-errors.ts';
import { operatorOf } from './operator.ts';
import { answer, readAs, smallBody } from '../../facade/admin/answer.ts';
import type { Availability } from '../enrichment/availability.ts';
import type { EnrichmentService } from '../enrichment/service.ts';

/**
 * GET /api/dead-letters?state=&reason=&limit=&after=: enrichments that a human must look at, newest first, until they are
 * settled. POST …/retry and …/settle take `{ids}` or `{all: true, state?, reason?}`; settle takes `who` beside it, for the
 * audit.
 */

const state = z.enum(['failed', 'unknown']).optional();
const reason = z
  .string()
  .regex(/^[a-z_]{1,40}$/)
  .optional();
const query = z.strictObject({
  state,
  reason,
  limit: z.coerce.number<string>().int().min(1).max(500).default(50),
  after: z.uuid().optional(),
});
const some = { ids: z.array(z.uuid()).min(1).max(500) };
const all = { all: z.literal(true), state, reason };
const retryBody = z.union(
  // That nothing was sent is said of leads that somebody has looked at, one by one.
  [z.strictObject({ ...some, notSent: z.boolean().default(false) }), z.strictObject(all)],
  'write {"ids": ["…"], "notSent": false} or {"all": true, "state": "failed", "reason": "…"}',
);
const who = z.string().max(100).optional();
const settleBody = z.union(
  [z.strictObject({ ...some, who }), z.strictObject({ ...all, who })],
  'write {"ids": ["…"]} or {"all": true, "state": "failed", "reason": "…"}',
);

/** @param availability the enrichment, or why there is none. */
export function deadLetterRoutes(availability: () => Availability, adminToken: string | undefined): Router {
  const router = Router();
  const list = async (service: EnrichmentService, req: Request) => {
    const asked = readAs(query, req.query);
    const [deadLetters, counts] = await Promise.all([service.deadLetters(asked), service.countDeadLetters()]);
    const isMore = deadLetters.length === asked.limit;
    return { counts, deadLetters, ...(isMore && { next: deadLetters.at(-1)?.id }) };
  };
  const retry = async (service: EnrichmentService, req: Request) => {
    const asked = readAs(retryBody, req.body);
    const notSent = 'notSent' in asked && asked.notSent;
    return { retried: await service.retryDeadLetters(asked, notSent) };
  };
  const settle = async (service: EnrichmentService, req: Request) => {
    const { who: name, ...chosen } = readAs(settleBody, req.body);
    return { settled: await service.settleDeadLetters(chosen, operatorOf(req, name, adminToken)) };
  };
  const served = (work: (service: EnrichmentService, req: Request) => Promise<unknown>) =>
    answer((req) => {
      const behind = availability();
      if (!behind.isOpen) throw new Refused(behind.problem);
      return work(behind.service, req);
    });
  router.route('/').get(served(list)).all(methodNotAllowed);
  router.route('/retry').post(smallBody, served(retry)).all(methodNotAllowed);
  router.route('/settle').post(smallBody, served(settle)).all(methodNotAllowed);
  return router;
}

/** How many wait for a human; undefined: nothing is enriched. */
export async function countDeadLetters(behind: Availability): Promise<number | undefined> {
  if (!behind.isOpen) return undefined;
  const { failed, unknown } = await behind.service.countDeadLetters();
  return failed + unknown;
}
