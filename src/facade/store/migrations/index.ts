import type { Migration } from 'kysely/migration';
import * as steer from './004-steer.ts';
import * as parity from './005-parity.ts';
import * as autopilot from './006-autopilot.ts';
import * as unknownWrites from './016-unknown-writes.ts';
import * as idempotencyKeys from './017-idempotency-keys.ts';
import * as flipAgainst from './018-flip-against.ts';
import * as notifications from './019-notifications.ts';
import * as directShapes from './020-direct-shapes.ts';
import * as shadowBudget from './021-shadow-budget.ts';

/**
 * The migrations of the engine, in the order of their names; an extension brings its own, with names of their own. They only add: the version before must still run on what they leave
 * behind, since a rolling deployment has both at once. One that was released is never edited.
 */
export const migrations: Record<string, Migration> = {
  '004-steer': steer,
  '005-parity': parity,
  '006-autopilot': autopilot,
  '016-unknown-writes': unknownWrites,
  '017-idempotency-keys': idempotencyKeys,
  '018-flip-against': flipAgainst,
  '019-notifications': notifications,
  '020-direct-shapes': directShapes,
  '021-shadow-budget': shadowBudget,
};
