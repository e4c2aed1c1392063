import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import {
  addLeads,
  auth,
  enrich,
  eventOf,
  messagesOf,
  pushEvents,
  startEnriching,
  type EnrichingOptions,
} from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { tally } from './kit/load.ts';
import { useScene } from './kit/use-scene.ts';
import { startStoreProxy } from './kit/store-proxy.ts';
import { until } from './kit/upstream.ts';

/**
 * One message a lead and never none, when the answers of the CRM prove nothing, the database answers late, or the
 * database is set back to an earlier time.
 */

const [LEAD = ''] = SEED_LEAD_IDS;
const CREATE_MESSAGE = '/integration/leads/:leadId/create_message';

const scene = useScene();

async function start(more: Partial<EnrichingOptions> = {}): Promise<TestFacade> {
  const facade = await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl, ...more });
  scene.started.push(facade);
  return facade;
}

async function query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(scene.databaseUrl);
  await client.connect();
  return (await client.query<T>(text, values).finally(() => client.end())).rows;
}

const messages = (leadId: string): string[] => messagesOf(scene.sandbox, leadId);
const counts = (leadIds: readonly string[]) => tally(leadIds.map((id) => messages(id).length));
const noneIsOpen = async (): Promise<boolean> =>
  (await query(`select from facade.enrichments where state in ('queued', 'running')`)).length === 0;

describe('the CRM refuses a message for now, and has stored it', () => {
  it.each([429, 401, 403])('%d: the lead is read before a second try, and has one message', async (status) => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, status, applied: true, times: 1 });
    expect((await enrich(facade, LEAD)).status).toBe(200);
    expect(messages(LEAD)).toHaveLength(1);
  });
});

describe('the CRM answers a message with a success that proves nothing', () => {
  const ANSWERS = [
    ['HTML', { status: 200, body: '<html>ok</html>', headers: { 'content-type': 'text/html' } }],
    ['an error', { status: 200, body: { error: 'internal' } }],
    ['nothing', { status: 200, body: '' }],
    ['204', { status: 204, body: '' }],
  ] as const;

  it.each(ANSWERS)('%s, and stored nothing: it is sent again', async (_what, answer) => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, times: 1, ...answer });
    expect((await enrich(facade, LEAD)).status).toBe(200);
    expect(messages(LEAD)).toHaveLength(1);
  });

  it.each(ANSWERS)('%s, and stored it: it is sent once', async (_what, answer) => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, times: 1, applied: true, ...answer });
    expect((await enrich(facade, LEAD)).status).toBe(200);
    expect(messages(LEAD)).toHaveLength(1);
  });

  it('every time: nothing counts as sent', async () => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, status: 200, body: { error: 'internal' } });
    expect((await enrich(facade, LEAD)).status).toBe(502);
    expect(await facade.metric(/^facade_enrichments_total\{result="(enriched|partial)"/)).toBe(0);
    expect(await facade.metric('facade_jobs{state="done"}')).toBe(0);
  });
});

describe('the database answers the intent to send after the settle time', () => {
  it('another process has sent the message meanwhile, and the first one sends none', { timeout: 60_000 }, async () => {
    const proxy = await startStoreProxy(scene.databaseUrl);
    const enrichment = { settle: '1s' };
    // Both ways: the intent is recorded after 4 s, and its answer comes after 8 s.
    const late = (point: string): void => {
      if (point === 'send:begun') proxy.delay(4_000);
      if (point === 'intended') proxy.delay(0);
    };
    const slow = await start({ databaseUrl: proxy.url, enrichment, reached: late });
    await enrich(slow, LEAD, { ...auth, prefer: 'respond-async' });
    const intended = () =>
      query<{ owner: number }>('select owner from facade.enrichments where send_intended_at is not null');
    await until(async () => (await intended()).length === 1, 'the intent is recorded', 15_000);
    await start({ enrichment });
    // The other process takes the work over: to everybody but itself the slow one is dead.
    await query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = (
         select owner from facade.enrichments where owner is not null)`,
    );
    await until(noneIsOpen, 'the work is done', 15_000);
    await until(
      () => slow.logs.some((line) => line.includes('"result":"lost"')),
      'the slow one has its answer',
      15_000,
    );
    expect(messages(LEAD)).toHaveLength(1);
    await scene.started.shift()?.stop();
    await proxy.close();
  });
});

describe('the database is set back', () => {
  /** Enriches the leads, with a copy of the tables taken while all of them wait at `step`. */
  async function backupAt(facade: TestFacade, leadIds: readonly string[], upstream: 'workApi' | 'diretrix') {
    const { standIn } = scene.sandbox[upstream];
    standIn.faults.add({ path: '/', latencyMs: 1_500, times: leadIds.length });
    await pushEvents(
      facade.url,
      leadIds.map((id) => eventOf(id)),
    );
    await until(() => standIn.received.length >= 3, 'they are in work');
    await query('create table backup as select * from facade.enrichments');
    await query('create table backup_events as select * from facade.seen_events');
    await until(noneIsOpen, 'all are enriched', 20_000);
    expect(counts(leadIds)).toEqual({ 1: leadIds.length });
  }

  it.each(['diretrix', 'workApi'] as const)(
    'to a backup of mid-work (%s was being asked): no lead gets a second message',
    { timeout: 60_000 },
    async (upstream) => {
      const leadIds = addLeads(scene.sandbox, 12);
      const first = await start();
      await backupAt(first, leadIds, upstream);
      await scene.started.shift()?.stop();
      await query(`delete from facade.enrichments`);
      await query('insert into facade.enrichments select * from backup');
      const facade = await start();
      await until(noneIsOpen, 'all are enriched again', 20_000);
      expect(counts(leadIds)).toEqual({ 1: leadIds.length });
      expect(await facade.metric('facade_jobs{state="done"}')).toBe(leadIds.length);
    },
  );

  it('to before the orders: the update that our message was starts no second one', { timeout: 60_000 }, async () => {
    const leadIds = addLeads(scene.sandbox, 6);
    const facade = await start();
    const push = (at: string) =>
      pushEvents(
        facade.url,
        leadIds.map((id) => eventOf(id, at)),
      );
    await push('2026-01-01T00:00:00Z');
    await until(() => counts(leadIds)['1'] === leadIds.length, 'all are enriched', 20_000);
    await until(noneIsOpen, 'all are recorded');
    await query('truncate facade.enrichments, facade.enrichment_people, facade.seen_events');
    await push('2026-01-01T00:00:09Z');
    await until(noneIsOpen, 'all are looked at', 20_000);
    expect(counts(leadIds)).toEqual({ 1: leadIds.length });
    expect(await facade.metric('facade_enrichments_total{result="already_sent"}')).toBe(leadIds.length);
    // What the lead shows is known from then on, and an order is an order.
    expect((await enrich(facade, leadIds[0] ?? '')).body).toMatchObject({ success: true });
    expect(messages(leadIds[0] ?? '')).toHaveLength(2);
  });
});
