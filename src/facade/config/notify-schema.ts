import { z } from 'zod';

/** `notify:` of the rollout table: who is told of what changes. */

export const NOTIFY_EVENTS = [
  'flip',
  'proposal',
  'roll_back',
  'kill_switch',
  'breaker',
  'health',
  'parity',
  'drift',
] as const;
/**
 * - `flip`: the rollout of a route changed. `roll_back`: back, by an operator or by the autopilot.
 * - `proposal`: the autopilot wants a step made.
 * - `kill_switch`: on or off. `breaker`: open, or closed again.
 * - `health`: the health checks of an upstream fail, or succeed again.
 * - `parity`: a route that the gateway serves is no longer ready, or is ready again.
 * - `drift`: direct answers otherwise than in the week before, or that is over.
 */
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** Each is one request at a time, so this bounds what is under way at once. */
const MAX_TARGETS = 20;

const target = z.strictObject({
  url: z
    .string()
    .describe(
      'Where events are posted as JSON, http or https. ${NAME} is taken from the environment: write it so where the URL holds a secret, as those of Slack do.',
    ),
  events: z
    .array(z.enum(NOTIFY_EVENTS))
    .min(1)
    .default([...NOTIFY_EVENTS])
    .describe('What is posted there. Default: everything.'),
  secret: z
    .string()
    .optional()
    .describe(
      'Signs what is posted there, as ${NAME} of the environment. Default: NOTIFY_SECRET; without either nothing is signed.',
    ),
});

export const notify = z
  .array(target)
  .refine((targets) => targets.length <= MAX_TARGETS, `write at most ${MAX_TARGETS}`)
  .default([]);

export type NotifyTargetConfig = Readonly<z.output<typeof target>>;
