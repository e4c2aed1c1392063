import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { enrich, eventOf, messagesOf, pushEvents, startEnriching, startScene, type Scene } from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { until } from './kit/upstream.ts';

/** What an operator does with enrichments that ended without a message being proved, over the admin API. */

const [LEAD = '', OTHER = ''] = SEED_LEAD_IDS;
const CREATE_MESSAGE = '/integration/leads/:leadId/create_message';

let postgres: TestPostgres;
let scene: Scene;
let facade: TestFacade;
beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  scene = await startScene();
  // No slow tries: what fails three times is a dead letter.
  const retry = { quick: ['20ms', '20ms'], slow: '1h', giveUp: '0ms' };
  facade = await startEnriching(scene.sandbox, {
    databaseUrl: await postgres.createMigrated(),
    enrichment: { retry },
  });
});
afterEach(async () => {
  await facade.stop();
  await scene.close();
});
afterAll(() => postgres.close());

interface Letters {
  readonly counts: Record<string, number>;
  readonly deadLetters: readonly { readonly id: string; readonly leadId: string }[];
}

async function api<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
  const res = await fetch(`${facade.adminUrl}/api/dead-letters${path}`, {
    headers: { 'x-c2s-admin': '1', 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: res.status, body: (await res.json()) as T };
}
const letters = async (): Promise<Letters> => (await api<Letters>('')).body;
const messages = (leadId: string): number => messagesOf(scene.sandbox, leadId).length;
const workApiFails = () => scene.sandbox.workApi.standIn.faults.add({ path: '/api', status: 503 });

describe('an enrichment that was given up', () => {
  beforeEach(async () => {
    workApiFails();
    for (const id of [LEAD, OTHER]) await enrich(facade, id);
    scene.sandbox.workApi.standIn.faults.clear();
  });

  it('is listed with its reason and counted, and holds nothing of the person', async () => {
    const { counts, deadLetters } = await letters();
    expect(counts).toEqual({ failed: 2, unknown: 0 });
    expect(deadLetters.map(({ leadId }) => leadId)).toEqual([OTHER, LEAD]);
    expect(deadLetters[0]).toMatchObject({ state: 'failed', reason: 'work_api_unavailable', step: 'enrich', sends: 0 });
    const customer = scene.sandbox.c2s.standIn.crm.leads.get(LEAD)?.attributes.customer;
    for (const personal of [customer?.name, customer?.email, customer?.phone])
      expect(JSON.stringify(deadLetters)).not.toContain(personal);
    expect(await facade.metric('facade_dead_letters{state="failed"}')).toBe(2);
  });

  it('is tried again, one or all, and is no dead letter any more', async () => {
    const [second, first] = (await letters()).deadLetters;
    const one = await api<{ retried: string[] }>('/retry', { ids: [first?.id] });
    expect(one.body).toEqual({ retried: [first?.id] });
    await until(() => messages(LEAD) === 1, 'the first one is sent');
    const all = await api<{ retried: string[] }>('/retry', { all: true, reason: 'work_api_unavailable' });
    expect(all.body).toEqual({ retried: [second?.id] });
    await until(() => messages(OTHER) === 1, 'the second one is sent');
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 2, 'both are done');
    expect(await letters()).toMatchObject({ counts: { failed: 0, unknown: 0 }, deadLetters: [] });
  });

  it('is settled by a human, and is not tried again', async () => {
    const { body } = await api<{ settled: string[] }>('/settle', { all: true });
    expect(body.settled).toHaveLength(2);
    expect((await api('/retry', { ids: body.settled })).body).toEqual({ retried: [] });
    expect((await letters()).deadLetters).toEqual([]);
    expect([messages(LEAD), messages(OTHER)]).toEqual([0, 0]);
  });
});

describe('the same push', () => {
  it('revives what was given up, and starts nothing when it is done', async () => {
    workApiFails();
    const push = async () => (await (await pushEvents(facade.url, eventOf(LEAD))).json()) as { processed: number };
    expect((await push()).processed).toBe(1);
    await until(async () => (await letters()).counts['failed'] === 1, 'it is given up');
    scene.sandbox.workApi.standIn.faults.clear();
    expect((await push()).processed).toBe(1);
    await until(() => messages(LEAD) === 1, 'the message arrived');
    await until(async () => (await facade.metric('facade_jobs{state="done"}')) === 1, 'it is done');
    expect((await push()).processed).toBe(0);
    expect(messages(LEAD)).toBe(1);
  });
});

describe('an enrichment of which nobody knows', () => {
  it('is sent again only where a human says that it is not there', async () => {
    const { standIn } = scene.sandbox.c2s;
    const lead = standIn.crm.leads.get(LEAD);
    const shown = lead?.attributes.messages;
    if (lead) Object.assign(lead.attributes, { messages: { push: () => 1, length: 0 } });
    standIn.faults.add({ path: CREATE_MESSAGE, reset: 'before-headers', times: 1 });
    expect((await enrich(facade, LEAD)).status).toBe(502);
    const [letter] = (await letters()).deadLetters;
    expect(letter).toMatchObject({ state: 'unknown', reason: 'message_unknown', sends: 1 });
    const posts = () => standIn.received.filter(({ method, path }) => method === 'POST' && path.includes('message'));
    await api('/retry', { ids: [letter?.id] });
    await until(async () => (await letters()).counts['unknown'] === 1, 'nobody knows still');
    expect(posts()).toHaveLength(1);
    if (lead) Object.assign(lead.attributes, { messages: shown });
    await api('/retry', { ids: [letter?.id], notSent: true });
    await until(() => messages(LEAD) === 1, 'the message arrived');
    expect(posts()).toHaveLength(2);
  });
});

describe('what is asked wrongly', () => {
  it.each([
    ['/retry', {}],
    ['/retry', { ids: ['no id'] }],
    ['/retry', { all: true, notSent: true }],
    ['/retry', { all: false }],
    ['/settle', { ids: [] }],
  ])('is refused: %s %j', async (path, body) => expect((await api(path, body)).status).toBe(400));

  it.each(['?state=done', '?limit=0', '?after=x', '?reason=DROP'])('is refused: %s', async (query) =>
    expect((await api(query)).status).toBe(400),
  );
});
