import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { addLeads, auth, enrich, eventOf, messagesOf, pushEvents, startEnriching } from './kit/enrichment.ts';
import type { TestFacade } from './kit/facade.ts';
import { useScene } from './kit/use-scene.ts';
import { until } from './kit/upstream.ts';

/** What the old service's callers were answered, and how often a lead gets a message: over instances and restarts. */

const scene = useScene();
const [SAME = '', TWO = '', , NOBODY = ''] = SEED_LEAD_IDS;
const CREATE_MESSAGE = '/integration/leads/:leadId/create_message';
const DUPLICATE = expect.stringMatching(
  /^Lead already being processed \(started \d+ seconds ago\)\. Duplicate request blocked\.$/,
) as unknown;

async function start(enrichment: Record<string, unknown> = {}): Promise<TestFacade> {
  const settings = { hold: '300s', window: '60s', ...enrichment };
  const one = await startEnriching(scene.sandbox, { databaseUrl: scene.databaseUrl, enrichment: settings });
  scene.started.push(one);
  return one;
}

async function process(facade: TestFacade, leadId: string) {
  const res = await fetch(`${facade.url}/api/v1/leads/process?id=${leadId}`, { headers: auth });
  return { status: res.status, body: (await res.json()) as Record<string, unknown> };
}

const messages = (leadId: string): number => messagesOf(scene.sandbox, leadId).length;

/** The clock of the hold is the database's: what was ordered is made older. */
async function passed(seconds: number): Promise<void> {
  const client = new pg.Client(scene.databaseUrl);
  await client.connect();
  await client.query(
    `update facade.enrichments set ordered_at = ordered_at - make_interval(secs => $1),
       finished_at = finished_at - make_interval(secs => $1)`,
    [seconds],
  );
  await client.end();
}

describe('a lead that is ordered again', () => {
  it('gets one message, whoever of two instances is asked, at once or one after the other', async () => {
    const [one, other] = [await start(), await start()];
    const both = await Promise.all([process(one, SAME), process(other, SAME)]);
    const answers = [...both, await process(other, SAME), await process(one, SAME)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const duplicates = answers.filter(({ body }) => body['duplicate_request'] === true);
    expect(duplicates).toHaveLength(3);
    for (const { body } of duplicates)
      expect(body).toEqual({ success: true, message: DUPLICATE, lead_id: SAME, duplicate_request: true });
    expect(answers.find(({ body }) => !('duplicate_request' in body))?.body).toEqual({
      success: true,
      message: 'Successfully processed and enriched lead. Stored 1 entities in database.',
      lead_id: SAME,
      cpfs_processed: [expect.stringMatching(/^\d{11}$/)],
      entities_stored: 1,
    });
    expect(messages(SAME)).toBe(1);
  });

  it('is held over a restart, for 300 s from the first call and no longer', async () => {
    await process(await start(), TWO);
    await scene.started.pop()?.stop();
    const facade = await start();
    expect((await process(facade, TWO)).body).toMatchObject({ duplicate_request: true });
    await passed(240);
    expect((await process(facade, TWO)).body).toMatchObject({ duplicate_request: true, message: DUPLICATE });
    expect(messages(TWO)).toBe(1);
    await passed(61);
    expect((await process(facade, TWO)).body).toMatchObject({ success: true, entities_stored: 2 });
    expect(messages(TWO)).toBe(2);
  });

  it('is answered by enrich with what came of the first order', async () => {
    const facade = await start();
    const first = await enrich(facade, SAME);
    expect(first.body).toEqual({
      success: true,
      message: 'The lead was enriched.',
      lead_id: SAME,
      cpfs_processed: [expect.stringMatching(/^\d{11}$/)],
      entities_stored: 1,
      customer_name: scene.sandbox.c2s.standIn.crm.leads.get(SAME)?.attributes.customer.name,
      enriched: true,
      message_sent: true,
      stored_in_db: 1,
      entity_ids: [expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)],
    });
    const second = await enrich(facade, SAME);
    expect(second.body).toEqual({ ...first.body, message: DUPLICATE, duplicate_request: true });
    expect((await process(facade, SAME)).body).toMatchObject({ duplicate_request: true });
    expect(messages(SAME)).toBe(1);
  });

  it('is not held by an order that failed: whoever is told so repeats it', async () => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, status: 422, times: 1 });
    expect((await enrich(facade, SAME)).status).toBe(502);
    expect((await enrich(facade, SAME)).body).toMatchObject({ success: true, message_sent: true });
    expect((await process(facade, NOBODY)).body).toMatchObject({
      success: false,
      message: 'Could not find CPF from phone or email',
    });
    expect((await process(facade, NOBODY)).body).toMatchObject({ success: false });
    expect(messages(SAME)).toBe(1);
  });

  it('is held by a message of which nobody knows whether it arrived, and says so', async () => {
    const facade = await start();
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, reset: 'before-headers', applied: true, times: 1 });
    const lead = scene.sandbox.c2s.standIn.crm.leads.get(SAME);
    const answer = enrich(facade, SAME);
    await until(() => messages(SAME) === 1, 'the message arrived');
    const kept = lead?.attributes.messages;
    if (lead) Object.assign(lead.attributes, { messages: undefined });
    expect((await answer).body['type']).toContain('message-unknown');
    if (lead) Object.assign(lead.attributes, { messages: kept });
    expect((await enrich(facade, SAME)).body['type']).toContain('message-unknown');
    expect((await process(facade, SAME)).body).toMatchObject({ success: false, error: 'enrichment-message-unknown' });
    expect(messages(SAME)).toBe(1);
  });

  it('is not held against a human: a dead letter is retried at once', async () => {
    const facade = await start({ repeatAfter: '0ms' });
    scene.sandbox.c2s.standIn.faults.add({ path: CREATE_MESSAGE, status: 422, times: 1 });
    await process(facade, SAME);
    const retry = await fetch(`${facade.adminUrl}/api/dead-letters/retry`, {
      method: 'POST',
      headers: { 'x-c2s-admin': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ all: true }),
    });
    expect(retry.status).toBe(200);
    await until(() => messages(SAME) === 1, 'the message arrived');
  });

  it('is not held against a push, which is another way in', async () => {
    const facade = await start({ repeatAfter: '1ms' });
    await enrich(facade, SAME);
    expect(await (await pushEvents(facade.url, eventOf(SAME))).json()).toMatchObject({ processed: 1 });
    await until(() => messages(SAME) === 2, 'the message of the push arrived');
    await until(() => logsOf(facade).includes('contact2sale'), 'its end is in the log');
  });
});

/** Who ordered, by the lines of the enrichments' ends. */
const logsOf = ({ logs }: TestFacade): unknown[] =>
  logs
    .filter((line) => line.includes('enrichment ended'))
    .map((line) => (JSON.parse(line) as Record<string, unknown>)['caller']);

describe('two leads of one person', () => {
  /** @returns leads that have the contacts of one person. */
  function leadsOfOne(): [string, string] {
    const [first = '', second = ''] = addLeads(scene.sandbox, 2);
    const { leads } = scene.sandbox.c2s.standIn.crm;
    Object.assign(leads.get(second)?.attributes ?? {}, { customer: leads.get(first)?.attributes.customer });
    return [first, second];
  }

  it('get one message when process is called for both within 60 s', async () => {
    const [one, other] = [await start(), await start()];
    const [first, second] = leadsOfOne();
    const before = await process(one, first);
    expect((await process(other, second)).body).toEqual({
      success: true,
      message: DEDUPLICATED,
      lead_id: second,
      cpfs_processed: before.body['cpfs_processed'],
      entities_stored: 0,
    });
    expect([messages(first), messages(second)]).toEqual([1, 0]);
    await passed(301);
    expect((await process(other, second)).body).toMatchObject({ entities_stored: 1 });
    expect(messages(second)).toBe(1);
  });

  it('get one message by enrich too, and the answer says that none was sent', async () => {
    const facade = await start();
    const [first, second] = leadsOfOne();
    await enrich(facade, first);
    expect((await enrich(facade, second)).body).toMatchObject({
      success: true,
      message: DEDUPLICATED,
      enriched: false,
      message_sent: false,
    });
    expect([messages(first), messages(second)]).toEqual([1, 0]);
  });

  it('get one each when both are ordered before one of them is done', async () => {
    const facade = await start();
    const [first, second] = leadsOfOne();
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', latencyMs: 300 });
    await Promise.all([enrich(facade, first), enrich(facade, second)]);
    expect([messages(first), messages(second)]).toEqual([1, 1]);
  });
});

const DEDUPLICATED = 'CPFs already recently processed (deduplication)';

describe('the lines of an enrichment', () => {
  it('all say who ordered it, the worker’s too, and hold nothing of the lead', async () => {
    const facade = await start();
    const { body } = await enrich(facade, SAME);
    const lines = facade.logs.filter((line) => line.includes('"enrichment":') || line.includes('"endpoint":"enrich"'));
    const callers = lines.map((line) => (JSON.parse(line) as Record<string, unknown>)['caller']);
    expect(new Set(callers)).toEqual(new Set([expect.stringMatching(/^[0-9a-f]{12}$/)]));
    // Six steps, the end.
    expect(lines.length).toBeGreaterThanOrEqual(7);
    for (const personal of [...(body['cpfs_processed'] as string[]), body['customer_name'] as string])
      expect(facade.logs.join('')).not.toContain(personal);
  });
});
