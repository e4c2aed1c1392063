import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { addLeads, enrich, messagesOf, startEnriching } from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { useScene } from './kit/use-scene.ts';
import { until } from './kit/upstream.ts';

/** Two facades on one Postgres: a person is asked about once, whichever of them the leads come to. */

const scene = useScene();

/** One after the other: the first makes the tables. */
async function startTwo(): Promise<void> {
  const enrichment = { window: '60s' };
  for (let n = 0; n < 2; n++)
    scene.started.push(await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl, enrichment }));
}

/** Leads of one person, whom the sandbox knows by both contacts. */
function leadsOfOne(count: number): string[] {
  const leadIds = addLeads(scene.sandbox, count);
  const { leads } = scene.sandbox.c2s.standIn.crm;
  const customer = leads.get(leadIds[0] ?? '')?.attributes.customer;
  for (const id of leadIds) Object.assign(leads.get(id)?.attributes ?? {}, { customer });
  return leadIds;
}
const enrichAll = (leadIds: readonly string[]) =>
  Promise.all(leadIds.map((id, n) => enrich(scene.started[n % 2] as TestFacade, id)));
const oneMessageEach = (leadIds: readonly string[]): void => {
  expect(leadIds.map((id) => messagesOf(scene.sandbox, id).length)).toEqual(leadIds.map(() => 1));
};

describe('leads of one person that come to both at the same moment', () => {
  beforeEach(startTwo);

  it('cost one question to Work API, and each gets its message', async () => {
    const { faults, received } = scene.sandbox.workApi.standIn;
    faults.add({ path: '/api', latencyMs: 500 });
    const leadIds = leadsOfOne(6);
    const answers = await enrichAll(leadIds);
    expect(answers.map(({ status }) => status)).toEqual(leadIds.map(() => 200));
    expect(received).toHaveLength(1);
    oneMessageEach(leadIds);
  });

  it('do not fail with the one that asks: the next one asks in its turn', async () => {
    const { faults, received } = scene.sandbox.workApi.standIn;
    faults.add({ path: '/api', latencyMs: 300, status: 503, times: 1 });
    const leadIds = leadsOfOne(4);
    const answers = await enrichAll(leadIds);
    expect(answers.map(({ status }) => status)).toEqual(leadIds.map(() => 200));
    // The one that failed, and the one that was answered.
    expect(received).toHaveLength(2);
    oneMessageEach(leadIds);
  });
});

describe('a facade that starts', () => {
  it('deletes the personal data whose time is over, at once and by itself', async () => {
    const [leadId = ''] = SEED_LEAD_IDS;
    const client = new pg.Client(scene.databaseUrl);
    scene.started.push(await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl }));
    const { body } = await enrich(scene.started[0] as TestFacade, leadId);
    expect(body).toMatchObject({ success: true, entities_stored: 1 });
    await scene.started.pop()?.stop();
    await client.connect();
    const people = async (): Promise<number> => (await client.query('select from facade.people')).rowCount ?? 0;
    expect(await people()).toBe(1);
    await client.query(`update facade.people set updated_at = now() - interval '181 days'`);
    await client.query(`update facade.enrichments set updated_at = now() - interval '181 days'`);
    scene.started.push(await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl }));
    await until(async () => (await people()) === 0, 'the person is deleted');
    const { rows } = await client.query('select cpf from facade.enrichment_people');
    expect(rows).toEqual([]);
    expect(messagesOf(scene.sandbox, leadId)).toHaveLength(1);
    await client.end();
  });
});

describe('a facade that may have ten connections', () => {
  it('has no more, at its start and under load, and does its work with them', { timeout: 60_000 }, async () => {
    const admin = new pg.Client(scene.databaseUrl);
    await admin.connect();
    let most = 0;
    const look = async (): Promise<void> => {
      const { rows } = await admin.query<{ n: number }>(
        'select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      most = Math.max(most, rows[0]?.n ?? 0);
    };
    let isOver = false;
    const looking = (async () => {
      while (!isOver) await look();
    })();
    const facade = await startEnriching(scene.sandbox, {
      databaseUrl: scene.databaseUrl,
      env: { DATABASE_CONNECTIONS: '10' },
    });
    scene.started.push(facade);
    const leadIds = addLeads(scene.sandbox, 60);
    const answers = await Promise.all(leadIds.map((id) => enrich(facade, id)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const history = await fetch(`${facade.adminUrl}/api/history`, { headers: { 'x-c2s-admin': '1' } });
    expect(history.status).toBe(200);
    oneMessageEach(leadIds);
    isOver = true;
    await looking;
    await admin.end();
    expect(most).toBeLessThanOrEqual(10);
    // It did look: the sessions alone are five.
    expect(most).toBeGreaterThanOrEqual(6);
  });
});
