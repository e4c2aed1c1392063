import { sql, type Kysely } from 'kysely';

/** Flips and their history, the files that were applied, and who served how much of what. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // One row: whoever flips locks it, so that flips of all instances stand in one line.
  await sql`
    create table facade.steering (
      id boolean primary key default true check (id),
      revision bigint not null default 0,
      kill_switch boolean not null default false
    )`.execute(db);
  await sql`insert into facade.steering default values`.execute(db);
  await sql`
    create table facade.rollouts (
      route text primary key,
      rollout jsonb not null,
      revision bigint not null
    )`.execute(db);
  // route is null where the flip is one of the kill switch.
  await sql`
    create table facade.flips (
      id bigint generated always as identity primary key,
      revision bigint not null,
      at timestamptz not null default now(),
      source text not null,
      who text not null,
      identity text not null,
      why text,
      route text,
      "from" jsonb not null,
      "to" jsonb not null,
      evidence jsonb
    )`.execute(db);
  await sql`create index flips_revision on facade.flips (revision)`.execute(db);
  await sql`create index flips_route on facade.flips (route, revision)`.execute(db);
  await sql`
    create table facade.applied_files (
      id bigint generated always as identity primary key,
      revision text not null,
      rollouts jsonb not null,
      applied_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index applied_files_revision on facade.applied_files (revision)`.execute(db);
  await trafficUp(db);
}

/** Minutes by instance; hours and days over all of them. */
async function trafficUp(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.traffic (
      grain text not null check (grain in ('minute', 'hour', 'day')),
      at timestamptz not null,
      route text not null,
      path text not null,
      instance text not null,
      requests bigint not null,
      failures bigint not null,
      failovers bigint not null,
      untranslatable bigint not null,
      primary key (grain, at, route, path, instance)
    )`.execute(db);
  await sql`create index traffic_route on facade.traffic (route, path, at desc)`.execute(db);
}
