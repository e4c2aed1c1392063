import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { Notifying } from '../notify/start.ts';
import { answer, readAs, reasonOf, signature, smallBody } from './answer.ts';

/**
 * Who is told of what changes. Behind the guard of the admin API; no URL is shown, since it may hold a secret.
 *
 *     GET  /api/notify        the targets, by their place in the rollout table
 *     POST /api/notify/test   {who?}: posts a test to each, and tells what it answered
 */

interface NotifyRoutesOptions {
  readonly notifying: Notifying;
  readonly adminToken: string | undefined;
}

const testBody = z.strictObject({ who: signature.who });

export function notifyRoutes({ notifying, adminToken }: NotifyRoutesOptions): Router {
  const router = express.Router();
  const list = answer(() => Promise.resolve({ targets: notifying.notifier.view() }));
  const test = answer(async (req: Request) => {
    const { who } = readAs(testBody, req.body);
    return { targets: await notifying.test(reasonOf(req, { who }, adminToken)) };
  });
  router.route('/notify').get(list).all(methodNotAllowed);
  router.route('/notify/test').post(smallBody, test).all(methodNotAllowed);
  return router;
}
