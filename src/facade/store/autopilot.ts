import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from './schema.ts';
import { storedJson } from './stored-json.ts';

/** What the autopilot keeps between ticks and between processes. States and evidence are its own; here they are JSON. */

interface StoredRoute {
  readonly route: string;
  readonly state: object;
  readonly report: object;
}

interface StoredDecision {
  readonly at: string;
  readonly route: string;
  readonly decision: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly evidence: object;
}

interface StoredOrder {
  readonly route: string;
  readonly kind: 'pause' | 'resume';
  readonly who: string;
}

export function readAutopilotRoutes(db: Kysely<Database>): Promise<StoredRoute[]> {
  return db.selectFrom('autopilot_routes').selectAll().execute();
}

/** What a leader begins with. */
interface AutopilotTurn {
  readonly routes: readonly (StoredRoute & { readonly text: string })[];
  /** In the order in which they were given. */
  readonly orders: readonly (StoredOrder & { readonly id: number })[];
}

/** Another leader kept states since the turn began: what was decided in it is of the past. */
export class TurnLost extends Error {
  override readonly name = 'TurnLost';

  constructor() {
    super('another instance has decided for the autopilot meanwhile; nothing of this tick is kept');
  }
}

export async function beginAutopilotTurn(db: Kysely<Database>): Promise<AutopilotTurn> {
  const [routes, orders] = await Promise.all([
    db.selectFrom('autopilot_routes').selectAll().select(STATE_TEXT).execute(),
    db.selectFrom('autopilot_orders').selectAll().orderBy('id').execute(),
  ]);
  return { routes, orders };
}

/**
 * Keeps the states of all routes that are on autopilot (others are forgotten), and lets go of the orders that are carried
 * out in them: both or neither, so that an order that was answered cannot be lost with the leader that took it.
 * @throws TurnLost
 */
export function endAutopilotTurn(
  db: Kysely<Database>,
  began: AutopilotTurn,
  routes: readonly StoredRoute[],
): Promise<void> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${TURN_LOCK}, 0))`.execute(tx);
    const now = await tx.selectFrom('autopilot_routes').select(['route', STATE_TEXT]).execute();
    const texts = new Map(now.map(({ route, text }) => [route, text]));
    const isAsBefore = began.routes.every(({ route, text }) => texts.get(route) === text);
    if (!isAsBefore || texts.size !== began.routes.length) throw new TurnLost();
    const taken = began.orders.map(({ id }) => id);
    if (taken.length > 0) await tx.deleteFrom('autopilot_orders').where('id', 'in', taken).execute();
    await writeRoutes(tx, routes);
  });
}

const TURN_LOCK = 'c2s-facade:autopilot-turn';
/** As Postgres says it: two texts of one document are the same. */
const STATE_TEXT = sql<string>`state::text`.as('text');

async function writeRoutes(tx: Transaction<Database>, routes: readonly StoredRoute[]): Promise<void> {
  const ids = routes.map(({ route }) => route);
  let others = tx.deleteFrom('autopilot_routes');
  if (ids.length > 0) others = others.where('route', 'not in', ids);
  await others.execute();
  if (ids.length === 0) return;
  await tx
    .insertInto('autopilot_routes')
    .values(
      routes.map(({ route, state, report }) => {
        return { route, state: storedJson(state), report: storedJson(report) };
      }),
    )
    .onConflict((conflict) =>
      conflict
        .column('route')
        .doUpdateSet((eb) => ({ state: eb.ref('excluded.state'), report: eb.ref('excluded.report') })),
    )
    .execute();
}

export async function recordAutopilotDecision(db: Kysely<Database>, decision: StoredDecision): Promise<void> {
  const { evidence, ...rest } = decision;
  await db
    .insertInto('autopilot_decisions')
    .values({ ...rest, evidence: storedJson(evidence) })
    .execute();
}

/** Newest first. */
export async function autopilotDecisions(
  db: Kysely<Database>,
  route: string,
  limit: number,
): Promise<StoredDecision[]> {
  const rows = await db
    .selectFrom('autopilot_decisions')
    .select(['at', 'route', 'decision', 'from', 'to', 'why', 'evidence'])
    .where('route', '=', route)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
}

export async function orderAutopilot(db: Kysely<Database>, order: StoredOrder): Promise<void> {
  await db.insertInto('autopilot_orders').values(order).execute();
}

/** Of one process, in the place of what it had published before. */
export async function publishReadings(db: Kysely<Database>, instance: string, readings: object): Promise<void> {
  await db
    .insertInto('autopilot_readings')
    .values({ instance, readings: storedJson(readings) })
    .onConflict((conflict) =>
      conflict.column('instance').doUpdateSet((eb) => ({ at: sql`now()`, readings: eb.ref('excluded.readings') })),
    )
    .execute();
}

/** Of every process that was heard of in the last 15 seconds, which is three ticks; older ones are thrown away. */
export async function livingReadings(db: Kysely<Database>): Promise<object[]> {
  await db
    .deleteFrom('autopilot_readings')
    .where('at', '<', sql<Date>`now() - interval '15 seconds'`)
    .execute();
  const rows = await db.selectFrom('autopilot_readings').select('readings').orderBy('instance').execute();
  return rows.map(({ readings }) => readings);
}
