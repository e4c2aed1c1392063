import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Instance } from '../../../../src/c2s/enrichment/instance.ts';
import { EnrichmentRepository, LeaseLost, type EnrichmentRequest } from '../../../../src/c2s/enrichment/repository.ts';
import { Queue } from '../../../../src/c2s/enrichment/queue.ts';
import { discloseCpfs, listAudit } from '../../../../src/c2s/store/audit.ts';
import type { CallerStanding } from '../../../../src/http/standing.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { log, testStores } from '../../facade/store/kit.ts';

/** Who may change a row, over instances that live and die. On a Postgres. */

const stores = testStores();
let store: Store;
let queue: Queue;
let repository: EnrichmentRepository;
const instances: Instance[] = [];
beforeAll(async () => {
  store = await stores.open();
  queue = await Queue.start(store.pool, log);
  repository = new EnrichmentRepository(store.db, store.db, queue);
});
afterAll(async () => {
  for (const one of instances) await one.close();
  await queue.stop();
});

const OPERATOR = { who: 'ana', via: 'cli, loopback' };
const record = { step: 'lead', result: 'ok', at: '2026-01-01T00:00:00Z', ms: 1 };
const wanted = (leadId: string, isUrgent = false, standing: CallerStanding = 'known'): EnrichmentRequest => ({
  leadId,
  origin: 'api',
  caller: 'a-caller',
  isUrgent,
  standing,
});
const pushed = (leadId: string): EnrichmentRequest => ({ ...wanted(leadId), origin: 'c2s' });
const enqueue = (...leads: EnrichmentRequest[]) => repository.transaction((tx) => repository.enqueue(tx, leads));

async function instance(): Promise<Instance & { readonly number: number }> {
  const one = new Instance(store.connections, () => undefined, log);
  instances.push(one);
  await until(() => one.number !== undefined, 'the instance has a number');
  return one as Instance & { readonly number: number };
}

async function claim(owner: number, leadId: string) {
  const claimed = await repository.claim(owner, 100, [], 100);
  return claimed.find(({ row }) => row.leadId === leadId)?.row;
}

/** Has a lead claimed by a new process. */
async function underWork(leadId: string) {
  const mine = await instance();
  await enqueue(wanted(leadId));
  const id = (await claim(mine.number, leadId))?.id ?? '';
  return { mine, owner: mine.number, id };
}

describe('what is asked for', () => {
  it('is one enrichment a lead, however often and by whomever', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => enqueue(wanted('a'), wanted('b'))));
    const made = answers.flat().filter(({ isNew }) => isNew);
    expect(made.map(({ leadId }) => leadId).toSorted()).toEqual(['a', 'b']);
    expect(new Set(answers.flat().map(({ id }) => id)).size).toBe(2);
  });

  it('is taken once, the urgent first', async () => {
    const { number } = await instance();
    await repository.claim(number, 100, [], 100);
    await enqueue(wanted('slow'));
    await enqueue(wanted('fast', true));
    const [first] = await repository.claim(number, 1, [], 100);
    expect(first?.row.leadId).toBe('fast');
    const both = await Promise.all([repository.claim(number, 9, [], 100), repository.claim(number, 9, [], 100)]);
    expect(both.flat().map(({ row }) => row.leadId)).toEqual(['slow']);
  });
});

describe('what strangers ask for', () => {
  /** Leads that are taken next, in order. */
  const next = async (owner: number, atMost: number, strangersAtMost: number) =>
    (await repository.claim(owner, atMost, [], strangersAtMost)).map(({ job, row }) => `${job.standing} ${row.leadId}`);
  const order = (leads: readonly string[], standing: CallerStanding) =>
    enqueue(...leads.map((leadId) => wanted(leadId, standing === 'stranger', standing)));

  const strangersLeads = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${name}-${String(i).padStart(2, '0')}`);
  let number: number;
  beforeEach(async () => {
    ({ number } = await instance());
    // Nothing is left of other tests.
    await repository.claim(number, 1_000, [], 1_000);
  });

  it('waits behind what known callers ask for, however urgent and however much of it there is', async () => {
    await order(strangersLeads('waits', 60), 'stranger');
    await order(['known-1', 'known-2'], 'known');
    expect((await next(number, 3, 3)).slice(0, 2).toSorted()).toEqual(['known known-1', 'known known-2']);
  });

  it('takes so many places as it is told, and the others stay free', async () => {
    await order(strangersLeads('places', 10), 'stranger');
    expect(await next(number, 10, 2)).toHaveLength(2);
    expect(await next(number, 10, 0)).toEqual([]);
    expect(await next(number, 10, -1)).toEqual([]);
  });

  it('is a known caller’s as soon as one asks for it, and is worked on once', async () => {
    await order(strangersLeads('shared', 10), 'stranger');
    const [first] = await order(['shared-09'], 'known');
    expect(first?.isNew).toBe(false);
    expect(await next(number, 1, 0)).toEqual(['known shared-09']);
    const rest = await next(number, 100, 100);
    expect(rest.toSorted()).toEqual(strangersLeads('shared', 9).map((lead) => `stranger ${lead}`));
  });

  it('stays what it is when it is tried again', async () => {
    await order(['again'], 'stranger');
    const [claimed] = await repository.claim(number, 1, [], 1);
    const id = claimed?.row.id ?? '';
    await repository.retry(number, id, [record], { delay: 0, failures: 1, reason: 'crm_unavailable' });
    expect(await next(number, 1, 0)).toEqual([]);
    expect(await next(number, 1, 1)).toEqual(['stranger again']);
  });
});

describe('work', () => {
  it('belongs to a process that lives, and is taken up when that dies', async () => {
    const { mine: dying, id } = await underWork('c');
    const other = await instance();
    await repository.recover([]);
    expect(await claim(other.number, 'c')).toBeUndefined();
    await dying.close();
    await until(async () => (await repository.recover([])) > 0, 'the work of the dead is found');
    expect((await claim(other.number, 'c'))?.id).toBe(id);
  });

  it('that was taken over can be changed by nobody else', async () => {
    const { mine: first, owner, id } = await underWork('d');
    await repository.save(owner, id, [record], { step: 'identify' });
    await first.close();
    await until(async () => (await repository.recover([])) > 0, 'the work of the dead is found');
    await claim((await instance()).number, 'd');
    const late = [
      () => repository.save(owner, id, [record], { step: 'send' }),
      () => repository.recordSendIntent(owner, id, 0),
      () => repository.saveFinding(owner, id, '1', { kind: 'unknown' }),
      () => repository.finish(owner, id, [record], { result: 'enriched' }),
      () => repository.retry(owner, id, [record], { delay: 0, failures: 1, reason: 'internal' }),
    ];
    for (const change of late) await expect(change()).rejects.toBeInstanceOf(LeaseLost);
    expect(await repository.view(id)).toMatchObject({ state: 'running', step: 'identify', sends: 0 });
  });

  it('can intend to send once for each time', async () => {
    const { owner, id } = await underWork('e');
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => repository.recordSendIntent(owner, id, 0)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await repository.view(id)).toMatchObject({ sends: 1, sendOutcome: null });
  });

  it('that waits is due later, with what it knew', async () => {
    const { owner, id } = await underWork('f');
    await repository.save(owner, id, [record], { step: 'identify', progress: { contacts: { phones: ['1'] } } });
    await repository.retry(owner, id, [record], { delay: 1_200, failures: 1, reason: 'diretrix_unavailable' });
    expect(await claim(owner, 'f')).toBeUndefined();
    let later: Awaited<ReturnType<typeof claim>>;
    await until(async () => (later = await claim(owner, 'f')) !== undefined, 'it is due');
    expect(later).toMatchObject({ id, step: 'identify', failures: 1, progress: { contacts: { phones: ['1'] } } });
  });

  it('that ends keeps nothing personal but whom it was about', async () => {
    const { owner, id } = await underWork('g');
    await repository.saveFinding(owner, id, '12345678909', { kind: 'unknown' });
    await repository.save(owner, id, [record], { step: 'send', message: 'personal', marker: 'm' });
    await repository.finish(owner, id, [record], { result: 'gave_up', reason: 'crm_unavailable' });
    const row = await store.db.selectFrom('enrichments').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ state: 'failed', message: null, findings: {}, progress: {}, owner: null });
    expect(await repository.view(id)).toMatchObject({ result: 'gave_up' });
    expect(await discloseCpfs(store.db, id, { who: 'a-caller', via: 'caller token' })).toEqual(['12345678909']);
  });
});

describe('what waits for hours', () => {
  const leads = Array.from({ length: 10_000 }, (_, n) => `long-${n}`);
  const jobs = async (): Promise<number> => {
    const { rows } = await store.pool.query<{ n: number }>(
      `select count(*)::int as n from pgboss.job as job join facade.enrichments as row
         on job.data ->> 'enrichmentId' = row.id::text where row.lead_id like 'long-%' and job.state < 'completed'`,
    );
    return rows[0]?.n ?? -1;
  };
  const pass = (minutes: number) =>
    store.pool.query(
      `update facade.enrichments set next_at = next_at - $1 * interval '1 minute' where lead_id like 'long-%'`,
      [minutes],
    );

  it('keeps its one job, however often it is looked for, and a new order is found behind it at once', async () => {
    await enqueue(...leads.map((lead) => pushed(lead)));
    for (let hours = 0; hours < 8; hours++) {
      await pass(60);
      expect([await repository.requeueLost(), await repository.recover([])]).toEqual([0, 0]);
    }
    expect(await jobs()).toBe(leads.length);
    await store.pool.query(
      `delete from pgboss.job where data ->> 'enrichmentId' in (
         select id::text from facade.enrichments where lead_id in ('long-7', 'long-8'))`,
    );
    expect(await repository.requeueLost()).toBe(2);
    expect(await jobs()).toBe(leads.length);
    const { number } = await instance();
    expect(await repository.claim(number, 2 * leads.length, [], 0)).toHaveLength(leads.length);
    await enqueue(pushed('after-all'));
    const [next] = await repository.claim(number, 1, [], 0);
    expect(next?.row.leadId).toBe('after-all');
  });
});

describe('a dead letter', () => {
  /** Has a lead's enrichment end so. */
  async function ended(leadId: string, ending: Parameters<EnrichmentRepository['finish']>[3], sends = 0) {
    const { owner, id } = await underWork(leadId);
    for (let n = 0; n < sends; n++) await repository.recordSendIntent(owner, id, n);
    await repository.finish(owner, id, [record], ending);
    return id;
  }
  const GAVE_UP = { result: 'gave_up', reason: 'work_api_unavailable' } as const;
  const UNKNOWN = { result: 'unknown', reason: 'message_unknown', sendOutcome: 'unknown' } as const;
  const ids = async (query: Partial<Parameters<EnrichmentRepository['deadLetters']>[0]> = {}) =>
    (await repository.deadLetters({ limit: 100, ...query })).map(({ id }) => id);
  const settleAll = () => repository.settleDeadLetters({ all: true }, OPERATOR);
  beforeEach(settleAll);

  it('is listed by state and reason, the newest first, page by page, without personal data', async () => {
    const first = await ended('dead-1', GAVE_UP);
    const second = await ended('dead-2', UNKNOWN, 1);
    const third = await ended('dead-3', { result: 'refused', reason: 'message_refused', sendOutcome: 'refused' }, 1);
    await ended('dead-4', { result: 'nobody', reason: 'no_match' });
    await ended('dead-5', { result: 'lead_missing', reason: 'lead_missing' });
    await ended('dead-6', { result: 'enriched', sendOutcome: 'sent' }, 1);
    expect(await ids()).toEqual([third, second, first]);
    expect(await ids({ state: 'unknown' })).toEqual([second]);
    expect(await ids({ reason: 'work_api_unavailable' })).toEqual([first]);
    expect(await ids({ limit: 1, after: third })).toEqual([second]);
    expect(await repository.countDeadLetters()).toEqual({ failed: 2, unknown: 1 });
    const [letter = {}] = await repository.deadLetters({ limit: 1 });
    expect(Object.keys(letter).toSorted()).toEqual(
      'createdAt finishedAt id leadId marker origin reason result sendOutcome sends state step'.split(' '),
    );
  });

  it('stays for as long as nobody has seen to it', async () => {
    const id = await ended('old', GAVE_UP);
    await store.pool.query(`update facade.enrichments set finished_at = now() - interval '90 days' where id = $1`, [
      id,
    ]);
    expect(await ids()).toEqual([id]);
    expect(await repository.settleDeadLetters({ ids: [id] }, OPERATOR)).toEqual([id]);
    expect(await ids()).toEqual([]);
    expect(await repository.settleDeadLetters({ ids: [id] }, OPERATOR)).toEqual([]);
    expect(await repository.retryDeadLetters({ ids: [id] }, false)).toEqual([]);
  });

  it('is tried again from the start, as itself', async () => {
    const id = await ended('retried', UNKNOWN, 1);
    expect(await repository.retryDeadLetters({ ids: [id] }, false)).toEqual([id]);
    expect(await ids()).toEqual([]);
    const row = await claim((await instance()).number, 'retried');
    expect(row).toMatchObject({ id, step: 'lead', failures: 0, sends: 1, sendOutcome: 'unknown' });
  });

  it('of which a human says that the message is not there is tried as one that was not sent', async () => {
    const id = await ended('looked-at', UNKNOWN, 1);
    await repository.retryDeadLetters({ ids: [id] }, true);
    expect(await claim((await instance()).number, 'looked-at')).toMatchObject({ id, sends: 1, sendOutcome: 'unsent' });
  });

  it('are tried again all of one reason, and those whose lead is under work are left', async () => {
    const first = await ended('many-1', GAVE_UP);
    const second = await ended('many-2', GAVE_UP);
    const other = await ended('many-3', UNKNOWN, 1);
    const busy = await ended('many-4', UNKNOWN, 1);
    const [order] = await enqueue(wanted('many-4'));
    expect(order).toMatchObject({ isNew: true });
    expect(order?.id).not.toBe(busy);
    const chosen = { all: true, reason: 'work_api_unavailable' } as const;
    expect((await repository.retryDeadLetters(chosen, false)).toSorted()).toEqual([first, second].toSorted());
    // The newer order has replaced it.
    expect(await ids()).toEqual([other]);
  });

  it.each([
    ['that was given up goes on with a push of its lead', pushed, GAVE_UP, true],
    ['that is unknown is looked at again with a push of its lead', pushed, UNKNOWN, true],
    ['that was given up goes on with an order of its lead', wanted, GAVE_UP, true],
    ['that is unknown is replaced by an order of its lead', wanted, UNKNOWN, false],
  ] as const)('%s', async (name, order, ending, isSame) => {
    const leadId = `order-${name.length}-${ending.result}`;
    const id = await ended(leadId, ending, 1);
    const [found] = await enqueue(order(leadId));
    expect(found).toMatchObject({ leadId, isNew: true });
    expect(found?.id === id).toBe(isSame);
    expect(await ids()).toEqual([]);
  });

  it('of a lead that is still to be created keeps what it is created of, until it is settled', async () => {
    const mine = await instance();
    const newLead = { body: { customer: 'Ana' }, line: 'Lead Google Ads: 77' };
    await enqueue({ ...pushed('google:77'), origin: 'google', newLead });
    const row = await claim(mine.number, 'google:77');
    const id = row?.id ?? '';
    await repository.finish(mine.number, id, [record], { result: 'gave_up', reason: 'crm_unavailable' });
    await repository.retryDeadLetters({ ids: [id] }, false);
    expect(await claim(mine.number, 'google:77')).toMatchObject({ id, step: 'create', progress: { newLead } });
    await repository.finish(mine.number, id, [record], { result: 'gave_up', reason: 'crm_unavailable' });
    const erasures = async () => (await listAudit(store.db, { action: 'erase', limit: 10 })).length;
    const before = await erasures();
    const other = await ended('dead-without-form', GAVE_UP);
    await repository.settleDeadLetters({ ids: [other] }, OPERATOR);
    expect(await erasures()).toBe(before);
    await settleAll();
    expect((await listAudit(store.db, { limit: 1 }))[0]).toMatchObject({
      action: 'erase',
      ...OPERATOR,
      people: 1,
      rows: 1,
    });
    const { progress } = await store.db
      .selectFrom('enrichments')
      .select('progress')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(progress).toEqual({});
  });
});

describe('a database that is in another history', () => {
  it('is noticed by the first instance that comes, and tells the age of it for older rows alone', async () => {
    await enqueue(wanted('before'));
    // As the standby has it that was promoted: what is noted is the name of the history before.
    await store.pool.query(`update facade.lineage set name = '00000001/other'`);
    const first = await instance();
    await instance();
    await enqueue(wanted('afterwards'));
    const claimed = await repository.claim(first.number, 100, [], 100);
    const ageOf = (leadId: string) => claimed.find(({ row }) => row.leadId === leadId)?.row.lineageAge;
    expect(ageOf('before')).toBeGreaterThanOrEqual(0);
    expect(ageOf('before')).toBeLessThan(60_000);
    expect(ageOf('afterwards')).toBeNull();
  });
});
