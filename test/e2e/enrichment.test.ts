import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import pg from 'pg';
import {
  auth,
  enrich,
  enrichingEnv,
  eventOf,
  messagesOf,
  pushEvents,
  startEnriching,
  startScene,
  type Scene,
} from './kit/enrichment.ts';
import { startFacade, type TestFacade } from './kit/facade.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { until } from './kit/upstream.ts';

/** One lead at a time, over sockets: what the callers of the old service see. */

const [SAME = '', TWO = '', PHONE_ONLY = '', NOBODY = '', EMAIL_ONLY = '', OTHER = ''] = SEED_LEAD_IDS;
const CREATE_MESSAGE = '/integration/leads/:leadId/create_message';

let postgres: TestPostgres;
let scene: Scene;
let facade: TestFacade;
const started: TestFacade[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  scene = await startScene();
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
  await scene.close();
});
afterAll(() => postgres.close());

async function start(more: Partial<Parameters<typeof startEnriching>[1]> = {}): Promise<void> {
  facade = await startEnriching(scene.sandbox, { databaseUrl: await postgres.createMigrated(), ...more });
  started.push(facade);
}

const messages = (leadId: string): string[] => messagesOf(scene.sandbox, leadId);
const get = async (path: string, headers: Record<string, string> = auth) => {
  const res = await fetch(`${facade.url}${path}`, { headers });
  return { status: res.status, body: (await res.json()) as Record<string, unknown> };
};

describe('who the lead is', () => {
  beforeEach(() => start());

  it('is one person by phone and e-mail', async () => {
    const { status, body } = await enrich(facade, SAME);
    expect({ status, body }).toMatchObject({ status: 200, body: { success: true, lead_id: SAME, entities_stored: 1 } });
    expect(body['cpfs_processed']).toEqual([expect.stringMatching(/^\d{11}$/)]);
    expect(messages(SAME)).toEqual([
      expect.stringMatching(/^📞📧 Telefone e e-mail da mesma pessoa\nref\. c2s-[0-9a-f]{12}-[0-9a-f]{6}\n\n✅/),
    ]);
    expect(await facade.metric('facade_enrichments_total{result="enriched"}')).toBe(1);
    expect(await facade.metric('facade_jobs{state="done"}')).toBe(1);
    expect(await facade.metric('facade_enrichment_step_duration_seconds_count{step="send",result="end"}')).toBe(1);
  });

  it('is two people', async () => {
    const { body } = await enrich(facade, TWO);
    expect(body).toMatchObject({ success: true, entities_stored: 2 });
    expect(body['cpfs_processed']).toHaveLength(2);
    expect(messages(TWO)[0]).toMatch(/^⚠️ Telefone e e-mail relacionados a PESSOAS DIFERENTES!/);
  });

  it.each([
    ['a phone', PHONE_ONLY, /^📞 /],
    ['an e-mail', EMAIL_ONLY, /^📧 /],
  ])('is known by %s alone', async (_, leadId, begins) => {
    expect((await enrich(facade, leadId)).body).toMatchObject({ success: true, entities_stored: 1 });
    expect(messages(leadId)).toEqual([expect.stringMatching(begins)]);
  });

  it('is nobody that is known: 404, and no message', async () => {
    const { status, headers, body } = await enrich(facade, NOBODY);
    expect({ status, type: body['type'] }).toEqual({ status: 404, type: 'urn:c2s-facade:enrichment-no-match' });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(messages(NOBODY)).toEqual([]);
  });

  it('is a lead that does not exist: 404', async () => {
    expect(await enrich(facade, 'f'.repeat(32))).toMatchObject({
      status: 404,
      body: { type: expect.stringContaining('lead-missing') as unknown },
    });
  });

  it('has neither phone nor e-mail: 404', async () => {
    const lead = scene.sandbox.c2s.standIn.crm.leads.get(OTHER);
    if (lead) lead.attributes.customer = { id: 1, name: 'Sem Contato', email: '', phone: '' };
    expect(await enrich(facade, OTHER)).toMatchObject({
      status: 404,
      body: { type: expect.stringContaining('nothing-to-look-up') as unknown },
    });
  });
});

describe('when a side fails', () => {
  beforeEach(() =>
    start({
      gateway: { url: scene.gateway.url, share: 100 },
      enrichment: { workApi: { pace: '0ms', deadline: '500ms' } },
    }),
  );

  it('waits out a Work API that is slow, and goes on by itself', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 700, times: 1 });
    expect((await enrich(facade, SAME)).status).toBe(200);
    expect(messages(SAME)).toHaveLength(1);
  });

  it('answers 502 while Work API is down, sends nothing, and says when it tries again', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', status: 503 });
    const { status, headers, body } = await enrich(facade, SAME);
    expect({ status, type: body['type'] }).toEqual({
      status: 502,
      type: 'urn:c2s-facade:enrichment-work-api-unavailable',
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect(messages(SAME)).toEqual([]);
    const { body: view } = await get(headers.get('location') ?? '');
    expect(view).toMatchObject({ state: 'queued', step: 'enrich', reason: 'work_api_unavailable', failures: 3 });
    expect(scene.sandbox.workApi.standIn.received).toHaveLength(3);
    // The steps before it are not gone through again.
    expect(scene.sandbox.diretrix.standIn.received).toHaveLength(2);
  });

  it('goes on with one of two people, and says so', async () => {
    // Each try asks about both: every first question of a try fails.
    const { faults } = scene.sandbox.workApi.standIn;
    faults.add({ path: '/api', status: 500, times: 1 });
    const first = enrich(facade, TWO);
    await until(() => scene.sandbox.workApi.standIn.received.length >= 2, 'both were asked about');
    faults.clear();
    faults.add({ path: '/api', status: 500 });
    expect(await first).toMatchObject({
      status: 200,
      body: { success: true, message: expect.stringContaining('in part') as unknown },
    });
    expect(messages(TWO)).toEqual([expect.stringContaining('Work API não respondeu')]);
    expect(await facade.metric('facade_enrichments_total{result="partial"}')).toBe(1);
  });

  it('answers 502 while Diretrix is down', async () => {
    scene.sandbox.diretrix.standIn.faults.add({ path: '/Consultas', status: 500 });
    expect(await enrich(facade, SAME)).toMatchObject({
      status: 502,
      body: { type: expect.stringContaining('diretrix-unavailable') as unknown },
    });
  });

  it('tells the people apart that Diretrix could and could not be asked about', async () => {
    scene.sandbox.diretrix.standIn.faults.add({ path: '/Consultas/Pessoa/Email', status: 500 });
    expect(await enrich(facade, SAME)).toMatchObject({
      status: 200,
      body: { message: expect.stringContaining('in part') as unknown },
    });
    expect(messages(SAME)[0]).toContain('O e-mail não pôde ser consultado');
  });

  it('reads and writes by the direct path when the gateway goes down in the middle', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 200, times: 1 });
    const answer = enrich(facade, SAME);
    await until(() => scene.sandbox.workApi.standIn.received.length === 1, 'the lead was read by the gateway');
    await scene.gateway.close();
    expect((await answer).status).toBe(200);
    expect(messages(SAME)).toHaveLength(1);
    expect(await facade.metric(/^facade_requests_total\{route="leads\.get",path="gateway".*status="200"/)).toBe(1);
    expect(await facade.metric(/^facade_failovers_total\{route="leads\.messages\.create"/)).toBe(1);
  });

  it('ends where the message is refused, and does not try again', async () => {
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, status: 422 });
    expect(await enrich(facade, SAME)).toMatchObject({
      status: 502,
      body: { type: expect.stringContaining('message-refused') as unknown },
    });
    expect(await facade.metric('facade_enrichments_total{result="refused"}')).toBe(1);
  });

  it('sends once when the answer to the message is lost', async () => {
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, reset: 'before-headers', applied: true, times: 1 });
    expect((await enrich(facade, SAME)).status).toBe(200);
    expect(messages(SAME)).toHaveLength(1);
  });

  it('sends again when the message did not arrive', async () => {
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, reset: 'before-headers', times: 1 });
    expect((await enrich(facade, SAME)).status).toBe(200);
    expect(messages(SAME)).toHaveLength(1);
  });

  it('sends nothing again where the lead does not show its messages; a human looks', async () => {
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, reset: 'before-headers', applied: true, times: 1 });
    const lead = scene.sandbox.c2s.standIn.crm.leads.get(SAME);
    const answer = enrich(facade, SAME);
    await until(() => messages(SAME).length === 1, 'the message arrived');
    if (lead) Object.assign(lead.attributes, { messages: undefined });
    expect(await answer).toMatchObject({
      status: 502,
      body: { type: expect.stringContaining('message-unknown') as unknown },
    });
    expect(await facade.metric('facade_jobs{state="unknown"}')).toBe(1);
  });
});

describe('how it is asked for', () => {
  beforeEach(() => start());

  it('answers at once when that is preferred', async () => {
    const { status, headers } = await enrich(facade, SAME, { ...auth, prefer: 'respond-async' });
    expect({ status, applied: headers.get('preference-applied') }).toEqual({ status: 202, applied: 'respond-async' });
    const location = headers.get('location') ?? '';
    await until(async () => (await get(location)).body['state'] === 'done', 'it is done');
    const known = (await get(location)).body;
    expect(known).toMatchObject({ result: 'enriched', leadId: SAME, message: { sends: 1, outcome: 'sent' } });
    expect((known['steps'] as { step: string }[]).map(({ step }) => step)).toEqual([
      'lead',
      'identify',
      'enrich',
      'compose',
      'store',
      'send',
    ]);
    const stranger = (await get(location, {})).body;
    expect(stranger).toMatchObject({ state: 'done' });
    expect(Object.keys(stranger)).not.toEqual(expect.arrayContaining(['cpfs']));
    expect(Object.keys(stranger)).not.toEqual(expect.arrayContaining(['leadId']));
  });

  it('makes one enrichment of a lead that is asked for many times at once', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 100, times: 1 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => enrich(facade, SAME)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(messages(SAME)).toHaveLength(1);
  });

  it('always answers 200 to Make.com, with the verdict in success', async () => {
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 100, times: 1 });
    const first = get(`/api/v1/leads/process?id=${SAME}`);
    await until(() => scene.sandbox.workApi.standIn.received.length === 1, 'it is in work');
    expect(await get(`/api/v1/leads/process?id=${SAME}`)).toMatchObject({
      status: 200,
      body: { success: true, duplicate_request: true, lead_id: SAME },
    });
    expect(await first).toMatchObject({ status: 200, body: { success: true, entities_stored: 1 } });
    expect(await get(`/api/v1/leads/process?id=${NOBODY}`)).toMatchObject({ status: 200, body: { success: false } });
    expect(await get('/api/v1/leads/process')).toMatchObject({ status: 200, body: { success: false } });
  });

  it('asks for a token, and knows the Contact2Sale token too', async () => {
    expect((await enrich(facade, SAME, {})).status).toBe(401);
    expect((await get(`/api/v1/leads/process?id=${SAME}`, {})).status).toBe(401);
    expect((await enrich(facade, SAME, { authentication: scene.sandbox.c2s.token })).status).toBe(200);
  });

  it('does not ask Work API again about a CPF within the window', async () => {
    const config = { window: '60s' };
    await start({ enrichment: config });
    await enrich(facade, SAME);
    // An order would get no message now; a push does.
    await pushEvents(facade.url, eventOf(SAME));
    await until(() => messages(SAME).length === 2, 'the message of the push arrived');
    expect(scene.sandbox.workApi.standIn.received).toHaveLength(1);
  });

  it('forgets a person', async () => {
    const { body, headers } = await enrich(facade, SAME);
    const [cpf] = body['cpfs_processed'] as string[];
    const post = await fetch(`${facade.adminUrl}/api/people/forget`, {
      method: 'POST',
      headers: { 'x-c2s-admin': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ cpf }),
    });
    expect(await post.json()).toMatchObject({ forgotten: { people: 1, enrichments: 1 } });
    expect(headers.get('location')).toBeNull();
  });
});

describe('what is switched off', () => {
  it('is open to everybody with ENRICH_OPEN=true', async () => {
    await start({ env: { ENRICH_OPEN: 'true' } });
    expect((await enrich(facade, SAME, {})).status).toBe(200);
  });

  it('says 501 without Work API and Diretrix, and 503 without a database; routes all the same', async () => {
    const bare = async (env: Record<string, string>): Promise<TestFacade> => {
      const one = await startFacade({
        direct: scene.sandbox.c2s.url,
        env: { C2S_TOKEN: scene.sandbox.c2s.token, ...env },
      });
      started.push(one);
      return one;
    };
    const unconfigured = await bare({ DATABASE_URL: 'none' });
    expect((await enrich(unconfigured, SAME)).status).toBe(501);
    const storeless = await bare(enrichingEnv(scene.sandbox, 'none'));
    expect(await enrich(storeless, SAME)).toMatchObject({
      status: 503,
      body: { type: 'urn:c2s-facade:enrichment-no-database' },
    });
    const push = await pushEvents(storeless.url, eventOf(SAME));
    expect(push.status).toBe(503);
    const read = await fetch(`${storeless.url}/integration/leads/${SAME}`, { headers: auth });
    expect(read.status).toBe(200);
  });

  it('refuses every push where no WEBHOOK_SECRET is set', async () => {
    await start({ env: { WEBHOOK_SECRET: '' } });
    expect((await pushEvents(facade.url, eventOf(SAME))).status).toBe(503);
  });
});

describe('what comes in between', () => {
  it('is a stop: what runs comes to its end', async () => {
    await start();
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 400, times: 1 });
    const answer = enrich(facade, SAME);
    await until(() => scene.sandbox.workApi.standIn.received.length === 1, 'it is in work');
    started.pop();
    expect(await facade.stop()).toBe(true);
    expect((await answer).status).toBe(200);
    expect(messages(SAME)).toHaveLength(1);
  });

  it('is a database that loses all its connections: the work goes on when it is back', async () => {
    const databaseUrl = await postgres.createMigrated();
    await start({ databaseUrl });
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 300, times: 1 });
    const answer = enrich(facade, SAME, { ...auth, prefer: 'respond-async' });
    await until(() => scene.sandbox.workApi.standIn.received.length === 1, 'it is in work');
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await client.end();
    expect((await answer).status).toBe(202);
    await until(() => messages(SAME).length > 0, 'the message arrived', 10_000);
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 1, 'it is done', 10_000);
    expect(messages(SAME)).toHaveLength(1);
  });
});

describe('a queue that cannot be made when the database is there', () => {
  it('is tried again until it can, and is told meanwhile', { timeout: 40_000 }, async () => {
    const databaseUrl = await postgres.createDatabase();
    const client = new pg.Client(databaseUrl);
    await client.connect();
    // What a half-made schema, a missing right or a cut connection comes to: the first statement of the queue fails.
    await client.query('create schema pgboss; create table pgboss.version (nothing text)');
    facade = await startFacade({ direct: scene.sandbox.c2s.url, env: enrichingEnv(scene.sandbox, databaseUrl) });
    started.push(facade);
    const readyz = async () => (await (await fetch(`${facade.adminUrl}/readyz`)).json()) as Record<string, unknown>;
    await until(async () => (await readyz())['unstarted'] !== undefined, 'it says so', 15_000);
    expect(await readyz()).toMatchObject({
      status: 'ready',
      database: 'open',
      unstarted: { enrichment: expect.any(String) as unknown },
    });
    expect(await facade.metric('facade_enrichment_up')).toBe(0);
    expect(facade.logs.join('')).toContain('enrichment could not be started on the database');
    expect(await enrich(facade, SAME)).toMatchObject({
      status: 503,
      body: { type: 'urn:c2s-facade:enrichment-not-started' },
    });
    await client.query('drop schema pgboss cascade');
    await client.end();
    await until(async () => (await facade.metric('facade_enrichment_up')) === 1, 'the queue is there', 20_000);
    expect((await readyz())['unstarted']).toBeUndefined();
    expect((await enrich(facade, SAME)).status).toBe(200);
  });
});
