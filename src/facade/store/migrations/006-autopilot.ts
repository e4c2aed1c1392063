import { sql, type Kysely } from 'kysely';

/** Where each route on autopilot stands, what was decided and why, what humans ordered, and what instances counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.autopilot_routes (
      route text primary key,
      state jsonb not null,
      report jsonb not null
    )`.execute(db);
  await sql`
    create table facade.autopilot_decisions (
      id bigint generated always as identity primary key,
      at timestamptz not null,
      route text not null,
      decision text not null,
      "from" double precision not null,
      "to" double precision not null,
      why text not null,
      evidence jsonb not null
    )`.execute(db);
  await sql`create index autopilot_decisions_route on facade.autopilot_decisions (route, id desc)`.execute(db);
  await sql`
    create table facade.autopilot_orders (
      id bigint generated always as identity primary key,
      route text not null,
      kind text not null check (kind in ('pause', 'resume')),
      who text not null
    )`.execute(db);
  // Newest reading of each process; worth nothing once it is old, so it need not survive a crash of the database.
  await sql`
    create unlogged table facade.autopilot_readings (
      instance text primary key,
      at timestamptz not null default now(),
      readings jsonb not null
    )`.execute(db);
}
