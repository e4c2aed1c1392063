import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { addLeads, eventOf, messagesOf, pushEvents, startEnriching, WEBHOOK_SECRET } from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { useScene } from './kit/use-scene.ts';
import { until } from './kit/upstream.ts';

/** The pushes of Contact2Sale and Google Ads; and two facades that share one database. */

const [SAME = '', TWO = ''] = SEED_LEAD_IDS;

const scene = useScene();

async function start(enrichment: Record<string, unknown> = {}): Promise<TestFacade> {
  const facade = await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl, enrichment });
  scene.started.push(facade);
  return facade;
}

const sent = (leadIds: readonly string[]): number =>
  leadIds.reduce((sum, id) => sum + messagesOf(scene.sandbox, id).length, 0);

const google = (facade: TestFacade, change: object = {}) =>
  fetch(`${facade.url}/api/v1/webhooks/google-ads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      lead_id: 'google-lead-1',
      api_version: '1.0',
      form_id: 77,
      campaign_id: 123,
      google_key: WEBHOOK_SECRET,
      is_test: false,
      user_column_data: [
        { column_id: 'FULL_NAME', string_value: 'Ana Souza' },
        { column_id: 'PHONE_NUMBER', string_value: '+5511900000000' },
        { column_id: 'EMAIL', string_value: 'ana.souza0@example.com' },
      ],
      ...change,
    }),
  });

describe("Contact2Sale's push", () => {
  it('is answered at once, and works in the background', async () => {
    const facade = await start();
    const res = await pushEvents(facade.url, eventOf(SAME));
    expect(await res.json()).toEqual({ status: 'received', received: 1, processed: 1, duplicates: 0 });
    await until(() => messagesOf(scene.sandbox, SAME).length === 1, 'the message arrived');
  });

  it('takes 60 events at once, and knows them again after a restart', async () => {
    const leadIds = addLeads(scene.sandbox, 60);
    const events = leadIds.map((id) => eventOf(id));
    const facade = await start();
    const res = await pushEvents(facade.url, events);
    expect(await res.json()).toEqual({ status: 'received', received: 60, processed: 60, duplicates: 0 });
    await facade.stop();
    scene.started.pop();
    const again = await start();
    const res2 = await pushEvents(again.url, events);
    expect(await res2.json()).toEqual({ status: 'received', received: 60, processed: 0, duplicates: 60 });
    await until(() => sent(leadIds) >= 60, 'all messages arrived', 60_000);
    expect(sent(leadIds)).toBe(60);
  }, 90_000);

  it('starts nothing for the update that our own message is', async () => {
    const facade = await start({ repeatAfter: '1h' });
    await pushEvents(facade.url, eventOf(SAME));
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 1, 'it is done');
    const res = await pushEvents(facade.url, {
      ...eventOf(SAME, '2026-01-02T00:00:00Z'),
      hook_action: 'on_update_lead',
    });
    expect(await res.json()).toMatchObject({ processed: 0, duplicates: 1 });
  });

  it('loses nothing for a NUL or half of a surrogate pair in an event', async () => {
    const [odd = '', plain = ''] = addLeads(scene.sandbox, 2);
    const facade = await start();
    const oddEvent = { ...eventOf(odd, 'a\0\ud800b'), hook_action: 'on_create_lead\0', extra: { 'k\0': '\udc00' } };
    const res = await pushEvents(facade.url, [oddEvent, eventOf(plain), { ...eventOf(plain), id: 'a b\0' }]);
    expect(res.status).toBe(200);
    expect(await res.json()).toMatchObject({ received: 3, processed: 2, malformed: [{ index: 2 }] });
    await until(() => sent([odd, plain]) === 2, 'both messages arrived', 30_000);
  }, 60_000);

  it('takes the secret from the path, and tells nobody of it', async () => {
    const facade = await start();
    const post = (path: string) =>
      fetch(facade.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(eventOf(TWO)),
      });
    expect((await post(`/api/v1/webhooks/c2s/${WEBHOOK_SECRET}`)).status).toBe(200);
    expect((await post('/api/v1/webhooks/c2s/wrong-secret-of-somebody')).status).toBe(401);
    expect((await post('/api/v1/webhooks/c2s')).status).toBe(401);
    expect((await post(`/api/v1/webhooks/c2s/${WEBHOOK_SECRET}/more`)).status).toBe(404);
    expect((await fetch(`${facade.url}/api/v1/webhooks/c2s/${WEBHOOK_SECRET}`)).status).toBe(405);
    await until(() => messagesOf(scene.sandbox, TWO).length === 1, 'the message arrived');
    const discovery = await (await fetch(`${facade.adminUrl}/api/discovery`)).text();
    const asked = JSON.stringify(scene.sandbox.c2s.standIn.received);
    for (const text of [facade.logs.join(''), discovery, asked, await facade.metricsText()]) {
      expect(text).not.toContain(WEBHOOK_SECRET);
    }
  });

  it.each([
    ['no JSON', '{"id": ', 400, 'not-json'],
    ['no event', '"text"', 400, 'no-event'],
    ['nothing', '', 400, 'no-event'],
  ])('refuses %s', async (_, body, status, kind) => {
    const facade = await start();
    const res = await pushEvents(facade.url, body);
    expect(res.status).toBe(status);
    expect(await res.json()).toMatchObject({ type: `urn:c2s-facade:${kind}` });
  });

  it('reports a bad event by its place, and takes the others', async () => {
    const facade = await start();
    const res = await pushEvents(facade.url, [eventOf(SAME), { id: '../escape' }, 5]);
    expect(await res.json()).toMatchObject({
      received: 3,
      processed: 1,
      malformed: [{ index: 1 }, { index: 2 }],
    });
  });
});

describe("Google's push", () => {
  it('creates the lead once, and enriches it', async () => {
    const facade = await start();
    const { leads } = scene.sandbox.c2s.standIn.crm;
    const before = new Set(leads.keys());
    expect(await (await google(facade)).json()).toMatchObject({ processed: 1, duplicates: 0 });
    expect(await (await google(facade)).json()).toMatchObject({ processed: 0, duplicates: 1 });
    const made = (): string[] => [...leads.keys()].filter((id) => !before.has(id));
    await until(() => sent(made()) === 1, 'the message arrived');
    expect(made()).toHaveLength(1);
    expect(leads.get(made()[0] ?? '')?.attributes.description).toContain('Lead Google Ads: google-lead-1');
  });

  it('finds the lead again whose creation was cut off', async () => {
    const facade = await start();
    const { leads } = scene.sandbox.c2s.standIn.crm;
    const before = leads.size;
    const fault = { path: '/integration/leads', exact: true, method: 'POST', applied: true, times: 1 };
    scene.sandbox.c2s.standIn.faults.add({ ...fault, reset: 'before-headers' });
    await google(facade);
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 1, 'it is done');
    expect(leads.size).toBe(before + 1);
  });

  it('refuses a wrong key, and makes no lead of a test', async () => {
    const facade = await start();
    expect((await google(facade, { google_key: 'wrong' })).status).toBe(401);
    expect(await (await google(facade, { is_test: true })).json()).toMatchObject({ processed: 0, test: true });
    expect((await google(facade, { lead_id: undefined })).status).toBe(422);
  });
});

describe('two facades on one database', () => {
  it('make exactly 60 messages of 60 events that each get twice', async () => {
    const leadIds = addLeads(scene.sandbox, 60);
    const both = [await start({ window: '60s' }), await start({ window: '60s' })];
    const batches = Array.from({ length: 6 }, (_, i) => leadIds.slice(i * 10, i * 10 + 10).map((id) => eventOf(id)));
    const pushes = batches.flatMap((batch) =>
      both.flatMap(({ url }) => [pushEvents(url, batch), pushEvents(url, batch)]),
    );
    const answers = await Promise.all(
      pushes.map(async (push) => (await push).json() as Promise<{ processed: number }>),
    );
    expect(answers.reduce((sum, { processed }) => sum + processed, 0)).toBe(60);
    const done = (facade: TestFacade): Promise<number> => facade.metric('facade_enrichments_total{result="enriched"}');
    await until(() => sent(leadIds) >= 60, 'all messages arrived', 90_000);
    expect(leadIds.filter((id) => messagesOf(scene.sandbox, id).length !== 1)).toEqual([]);
    // Both had a part in it.
    for (const facade of both) expect(await done(facade)).toBeGreaterThan(3);
  }, 120_000);
});

describe('an instance that stands still in the middle of a push', () => {
  /** Holds the row that the push begins with, as the transaction of a frozen process does. */
  async function standStill(leadId: string): Promise<{ goOn(): Promise<void> }> {
    const client = new pg.Client(scene.databaseUrl);
    await client.connect();
    const { attributes } = eventOf(leadId);
    await client.query('begin');
    await client.query(`insert into facade.seen_events (source, key) values ('c2s', $1)`, [
      `${leadId}@${attributes.updated_at}`,
    ]);
    return {
      async goOn() {
        await client.query('rollback');
        await client.end();
      },
    };
  }

  it('costs the others one connection: the eleventh repetition gets 503 at once, all else is served', async () => {
    const facade = await start();
    const frozen = await standStill(SAME);
    const repeated = Array.from({ length: 10 }, () => pushEvents(facade.url, eventOf(SAME)));
    const client = new pg.Client(scene.databaseUrl);
    await client.connect();
    const waiting = async (): Promise<number> => {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows[0]?.n ?? 0;
    };
    await until(async () => (await waiting()) > 0, 'the first repetition waits for the lock');
    const since = performance.now();
    const eleventh = await pushEvents(facade.url, eventOf(SAME));
    expect(eleventh.status).toBe(503);
    expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await pushEvents(facade.url, eventOf(TWO));
    expect(await other.json()).toMatchObject({ processed: 1 });
    const admin = { method: 'PUT', headers: { 'x-c2s-admin': '1' } };
    expect((await fetch(`${facade.adminUrl}/api/kill-switch`, admin)).status).toBe(200);
    expect(performance.now() - since).toBeLessThan(2_500);
    expect(await waiting()).toBe(1);
    await frozen.goOn();
    const answers = await Promise.all(repeated);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await until(() => sent([SAME, TWO]) === 2, 'both leads have their message');
    await client.end();
  });
});
