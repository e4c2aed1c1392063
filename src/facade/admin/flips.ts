import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { ROLLOUT_KEYS, type RolloutKey } from '../config/rollout.ts';
import { methodNotAllowed } from '../../http/page-errors.ts';
import type { Steering } from '../steer/steering.ts';
import { answer, readAs, reasonOf, signature, smallBody } from './answer.ts';

/** POST /api/flips, POST /api/rollback, /api/kill-switch: everything that moves a route. */

interface FlipRoutesOptions {
  readonly steering: Steering;
  readonly killSwitch: { readonly on: boolean; readonly by: readonly string[]; readonly file: string | undefined };
  readonly adminToken: string | undefined;
}

const precautions = {
  expectRevision: z.int().min(0).optional(),
  dryRun: z.boolean().optional(),
  force: z.boolean().optional(),
};

// Whether the numbers are allowed is judged once, by the rules of the config file.
const rollout = z.strictObject({
  gateway: z.number().optional(),
  shadow: z.number().optional(),
  stickyBy: z.string().optional(),
  fallback: z.enum(['direct', 'none']).optional(),
} satisfies Record<RolloutKey, z.ZodType>);
const set = rollout.refine(
  (given) => Object.keys(given).length > 0,
  `write ${ROLLOUT_KEYS.join(', ').replace(/, (\w+)$/, ' or $1')}`,
);

/** Of two changes of one route one would be lost without a word. */
function refuseTwice(changes: readonly { readonly route: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [i, { route }] of changes.entries()) {
    if (seen.has(route)) {
      const message = `${route} stands there twice; write one change for each route`;
      context.addIssue({ code: 'custom', path: [i, 'route'], message });
      return;
    }
    seen.add(route);
  }
}

const flipBody = z
  .strictObject({
    changes: z
      .array(z.strictObject({ route: z.string(), set, from: rollout.optional() }))
      .min(1)
      .superRefine(refuseTwice)
      .optional(),
    all: set.optional(),
    ...signature,
    ...precautions,
  })
  .refine(({ changes, all }) => (changes === undefined) !== (all === undefined), 'write either changes or all');
const rollbackBody = z.strictObject({ revision: z.int().min(0).optional(), ...signature, ...precautions });
const killSwitchBody = z.strictObject(signature);

export function flipRoutes({ steering, killSwitch, adminToken }: FlipRoutesOptions): Router {
  const routes = express.Router();
  /** `file`: the file that holds it on; left out: none does. */
  const state = () => ({ on: killSwitch.on, by: killSwitch.by, file: killSwitch.file });
  const setKillSwitch = (on: boolean) =>
    answer(async (req: Request) => {
      const body = readAs(killSwitchBody, req.body);
      const { isRecorded, where } = await steering.setKillSwitch(on, reasonOf(req, body, adminToken));
      return { ...state(), recorded: isRecorded, kept: where };
    });
  /** Under the kill switch a flip serves only once that is off. */
  const made = async <T extends object>(done: Promise<T>) => ({
    ...(await done),
    ...(killSwitch.on ? { killSwitch: true } : {}),
  });
  const flip = answer((req) => {
    const { changes, all, who, why, ...precaution } = readAs(flipBody, req.body);
    const request = { ...precaution, ...reasonOf(req, { who, why }, adminToken) };
    return made(all ? steering.flipAll(all, request) : steering.flip({ ...request, changes: changes ?? [] }));
  });
  const rollback = answer((req) => {
    const { revision, who, why, ...precaution } = readAs(rollbackBody, req.body);
    return made(steering.rollback(revision, { ...precaution, ...reasonOf(req, { who, why }, adminToken) }));
  });
  routes.route('/flips').post(smallBody, flip).all(methodNotAllowed);
  routes.route('/rollback').post(smallBody, rollback).all(methodNotAllowed);
  routes
    .route('/kill-switch')
    .get((_req, res) => void res.json(state()))
    .put(smallBody, setKillSwitch(true))
    .delete(smallBody, setKillSwitch(false))
    .all(methodNotAllowed);
  return routes;
}
