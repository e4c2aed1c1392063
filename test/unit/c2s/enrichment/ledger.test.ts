import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Instance } from '../../../../src/c2s/enrichment/instance.ts';
import { Ledger, LostWork, type Wanted } from '../../../../src/c2s/enrichment/ledger.ts';
import { Queue } from '../../../../src/c2s/enrichment/queue.ts';
import type { Standing } from '../../../../src/http/standing.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { log, testStores } from '../../facade/store/kit.ts';

/** Who may change a row, over instances that live and die. On a Postgres. */

const stores = testStores();
let store: Store;
let queue: Queue;
let ledger: Ledger;
const instances: Instance[] = [];
beforeAll(async () => {
  store = await stores.open();
  queue = await Queue.start(store.connections, log);
  ledger = new Ledger(store.db, store.db, queue);
});
afterAll(async () => {
  for (const one of instances) await one.close();
  await queue.stop();
});

const record = { step: 'lead', result: 'ok', at: '2026-01-01T00:00:00Z', ms: 1 };
const wanted = (leadId: string, isUrgent = false, standing: Standing = 'known'): Wanted => ({
  leadId,
  origin: 'api',
  isUrgent,
  standing,
});
const enqueue = (...leads: Wanted[]) => ledger.transaction((tx) => ledger.enqueue(tx, leads));

async function instance(): Promise<Instance & { readonly number: number }> {
  const one = new Instance(store.connections, () => undefined);
  instances.push(one);
  await until(() => one.number !== undefined, 'the instance has a number');
  return one as Instance & { readonly number: number };
}

async function claim(owner: number, leadId: string) {
  const claimed = await ledger.claim(owner, 100, [], 100);
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
    await ledger.claim(number, 100, [], 100);
    await enqueue(wanted('slow'));
    await enqueue(wanted('fast', true));
    const [first] = await ledger.claim(number, 1, [], 100);
    expect(first?.row.leadId).toBe('fast');
    const both = await Promise.all([ledger.claim(number, 9, [], 100), ledger.claim(number, 9, [], 100)]);
    expect(both.flat().map(({ row }) => row.leadId)).toEqual(['slow']);
  });
});

describe('what strangers ask for', () => {
  /** Leads that are taken next, in order. */
  const next = async (owner: number, atMost: number, strangersAtMost: number) =>
    (await ledger.claim(owner, atMost, [], strangersAtMost)).map(({ job, row }) => `${job.standing} ${row.leadId}`);
  const order = (leads: readonly string[], standing: Standing) =>
    enqueue(...leads.map((leadId) => wanted(leadId, standing === 'stranger', standing)));

  const strangersLeads = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${name}-${String(i).padStart(2, '0')}`);
  let number: number;
  beforeEach(async () => {
    ({ number } = await instance());
    // Nothing is left of other tests.
    await ledger.claim(number, 1_000, [], 1_000);
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
    const [claimed] = await ledger.claim(number, 1, [], 1);
    const id = claimed?.row.id ?? '';
    await ledger.retry(number, id, [record], { delay: 0, failures: 1, reason: 'crm_unavailable' });
    expect(await next(number, 1, 0)).toEqual([]);
    expect(await next(number, 1, 1)).toEqual(['stranger again']);
  });
});

describe('work', () => {
  it('belongs to a process that lives, and is taken up when that dies', async () => {
    const { mine: dying, id } = await underWork('c');
    const other = await instance();
    await ledger.recover([]);
    expect(await claim(other.number, 'c')).toBeUndefined();
    await dying.close();
    await until(async () => (await ledger.recover([])) > 0, 'the work of the dead is found');
    expect((await claim(other.number, 'c'))?.id).toBe(id);
  });

  it('that was taken over can be changed by nobody else', async () => {
    const { mine: first, owner, id } = await underWork('d');
    await ledger.save(owner, id, [record], { step: 'identify' });
    await first.close();
    await until(async () => (await ledger.recover([])) > 0, 'the work of the dead is found');
    await claim((await instance()).number, 'd');
    const late = [
      () => ledger.save(owner, id, [record], { step: 'send' }),
      () => ledger.intend(owner, id, 0),
      () => ledger.saveFinding(owner, id, '1', { kind: 'unknown' }),
      () => ledger.finish(owner, id, [record], { result: 'enriched' }),
      () => ledger.retry(owner, id, [record], { delay: 0, failures: 1, reason: 'internal' }),
    ];
    for (const change of late) await expect(change()).rejects.toBeInstanceOf(LostWork);
    expect(await ledger.view(id)).toMatchObject({ state: 'running', step: 'identify', sends: 0 });
  });

  it('can intend to send once for each time', async () => {
    const { owner, id } = await underWork('e');
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => ledger.intend(owner, id, 0)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await ledger.view(id)).toMatchObject({ sends: 1, sendOutcome: null });
  });

  it('that waits is due later, with what it knew', async () => {
    const { owner, id } = await underWork('f');
    await ledger.save(owner, id, [record], { step: 'identify', progress: { contacts: { phones: ['1'] } } });
    await ledger.retry(owner, id, [record], { delay: 1_200, failures: 1, reason: 'diretrix_unavailable' });
    expect(await claim(owner, 'f')).toBeUndefined();
    let later: Awaited<ReturnType<typeof claim>>;
    await until(async () => (later = await claim(owner, 'f')) !== undefined, 'it is due');
    expect(later).toMatchObject({ id, step: 'identify', failures: 1, progress: { contacts: { phones: ['1'] } } });
  });

  it('that ends keeps nothing personal but whom it was about, and the dead letter names it', async () => {
    const { owner, id } = await underWork('g');
    await ledger.saveFinding(owner, id, '12345678909', { kind: 'unknown' });
    await ledger.save(owner, id, [record], { step: 'send', message: 'personal', marker: 'm' });
    await ledger.finish(owner, id, [record], { result: 'gave_up', reason: 'crm_unavailable' });
    const row = await store.db.selectFrom('enrichments').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ state: 'failed', message: null, findings: {}, progress: {}, owner: null });
    expect(await ledger.view(id)).toMatchObject({ cpfs: ['12345678909'], result: 'gave_up' });
    const { rows } = await store.pool.query(`select data from pgboss.job where name = 'enrich-dead'`);
    expect(rows).toEqual([{ data: { enrichmentId: id, reason: 'crm_unavailable' } }]);
  });
});
