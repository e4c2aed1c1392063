import { sql, type Kysely } from 'kysely';
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

/** All routes that are on autopilot; others are forgotten. */
export async function writeAutopilotRoutes(db: Kysely<Database>, routes: readonly StoredRoute[]): Promise<void> {
  const ids = routes.map(({ route }) => route);
  let others = db.deleteFrom('autopilot_routes');
  if (ids.length > 0) others = others.where('route', 'not in', ids);
  await others.execute();
  if (ids.length === 0) return;
  await db
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

/** In the order in which they were given; each is taken once. */
export async function takeAutopilotOrders(db: Kysely<Database>): Promise<StoredOrder[]> {
  const rows = await db.deleteFrom('autopilot_orders').returning(['id', 'route', 'kind', 'who']).execute();
  return rows.toSorted((a, b) => a.id - b.id).map(({ route, kind, who }) => ({ route, kind, who }));
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
