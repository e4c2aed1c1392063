import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Instance } from '../../../../src/c2s/enrichment/instance.ts';
import { sweepCustomerNames } from '../../../../src/c2s/enrichment/orders.ts';
import { Queue } from '../../../../src/c2s/enrichment/queue.ts';
import { EnrichmentRepository, type EnrichmentRequest } from '../../../../src/c2s/enrichment/repository.ts';
import type { EnrichmentResult, Origin } from '../../../../src/c2s/enrichment/enrichment.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { log, testStores } from '../../facade/store/kit.ts';

/** How long a lead is held, and against whom; the clock is the database's, and is moved by making rows older. */

const HOLD = 300_000;
const stores = testStores();
let store: Store;
let queue: Queue;
let repository: EnrichmentRepository;
let instance: Instance;
beforeAll(async () => {
  store = await stores.open();
  queue = await Queue.start(store.pool, log);
  repository = new EnrichmentRepository(store.db, store.db, queue);
  instance = new Instance(store.connections, () => undefined, log);
  await until(() => instance.number !== undefined, 'the instance has a number');
});
afterAll(async () => {
  await instance.close();
  await queue.stop();
});

const wanted = (leadId: string, origin: Origin = 'make', caller = 'a-caller'): EnrichmentRequest => ({
  leadId,
  origin,
  caller,
  isUrgent: true,
  standing: 'known',
});
const order = (leadId: string, origin?: Origin, caller?: string) =>
  repository.transaction((tx) => repository.order(tx, wanted(leadId, origin, caller), HOLD));
const age = (leadId: string, seconds: number) =>
  store.pool.query(
    `update facade.enrichments set ordered_at = ordered_at - make_interval(secs => $2),
       finished_at = finished_at - make_interval(secs => $2) where lead_id = $1`,
    [leadId, seconds],
  );

async function end(leadId: string, result: EnrichmentResult, cpfs: readonly string[] = []): Promise<void> {
  const owner = instance.number ?? 0;
  let id = '';
  // The queue's own upkeep may hold a job for a moment.
  await until(async () => {
    const claimed = await repository.claim(owner, 100, [], 100);
    id = claimed.find(({ row }) => row.leadId === leadId)?.row.id ?? '';
    return id !== '';
  }, 'the row is claimed');
  await repository.save(owner, id, [], { step: 'send', customerName: 'Ana \0Souza' });
  await repository.finish(owner, id, [], { result, cpfs });
}

describe('a lead that is ordered', () => {
  it('is one enrichment for many at the same instant', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => order('many')));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ isHeld }) => isHeld)).toEqual([]);
  });

  it('is held for one that came to its end while the other waited for its turn', async () => {
    let go: () => void = () => undefined;
    const stalls = new Promise<void>((resolve) => (go = resolve));
    const first = repository.transaction(async (tx) => {
      const one = await repository.order(tx, wanted('stalls'), HOLD);
      await stalls;
      return one;
    });
    const waiting = async (): Promise<boolean> => {
      const { rows } = await store.pool.query(
        `select from pg_locks where locktype = 'advisory' and not granted and database =
           (select oid from pg_database where datname = current_database())`,
      );
      return rows.length > 0;
    };
    const second = order('stalls');
    await until(waiting, 'the second order waits');
    go();
    const { id } = await first;
    expect(await second).toMatchObject({ id, isNew: false, isHeld: false });
    await end('stalls', 'enriched');
    expect(await order('stalls')).toMatchObject({ id, isNew: false, isHeld: true });
  });

  it.each([
    ['enriched', 240, true],
    ['enriched', 301, false],
    ['partial', 0, true],
    ['already_sent', 0, true],
    ['deduplicated', 240, true],
    ['unknown', 240, true],
    ['unknown', 301, false],
    ['nobody', 0, false],
    ['lead_missing', 0, false],
    ['refused', 0, false],
    ['gave_up', 0, false],
  ] as const)('as %s %i s ago: held %s', async (result, seconds, isHeld) => {
    const leadId = `${result}-${seconds}`;
    await order(leadId);
    await end(leadId, result);
    await age(leadId, seconds);
    const again = await order(leadId);
    expect(again).toMatchObject({ isHeld, isNew: !isHeld });
    if (isHeld) expect(Math.round(again.ageMs / 1_000)).toBeGreaterThanOrEqual(seconds);
  });

  it('is held from the first order, however often it is ordered meanwhile', async () => {
    const { id } = await order('first');
    await age('first', 200);
    const joined = await order('first');
    expect(joined).toMatchObject({ id, isNew: false });
    expect(joined.ageMs).toBeGreaterThanOrEqual(200_000);
    await end('first', 'enriched');
    await age('first', 101);
    expect(await order('first')).toMatchObject({ isNew: true });
  });

  it('is held from the order that joined a push, and for no push', async () => {
    const push = () => repository.transaction((tx) => repository.enqueue(tx, [wanted('push', 'c2s', 'contact2sale')]));
    const [pushed] = await push();
    expect(await order('push')).toMatchObject({ id: pushed?.id, isNew: false, isHeld: false });
    expect(await repository.view(pushed?.id ?? '')).toMatchObject({ caller: 'contact2sale' });
    await end('push', 'enriched');
    expect(await order('push')).toMatchObject({ id: pushed?.id, isHeld: true });
    expect((await push())[0]).toMatchObject({ isNew: true });
  });

  it('goes on with its dead letter, as the order of who repeats it; a human’s retry skips nobody', async () => {
    const skips = async (id: string) =>
      (
        await store.pool.query<{ skips: boolean }>(
          'select skips_recent as skips from facade.enrichments where id = $1',
          [id],
        )
      ).rows[0]?.skips;
    const { id } = await order('dead', 'api', 'one');
    await end('dead', 'refused');
    expect(await order('dead', 'make', 'another')).toMatchObject({ id, isNew: true });
    expect([await skips(id), (await repository.view(id))?.caller]).toEqual([true, 'another']);
    await end('dead', 'refused');
    expect(await repository.retryDeadLetters({ ids: [id] }, false)).toEqual([id]);
    expect(await skips(id)).toBe(false);
  });
});

describe('people who were enriched', () => {
  const were = (by: string, ...cpfs: string[]) => repository.wereEnriched(by, cpfs, 60_000);

  it('are all of them, by another enrichment that has its message, within the time before this one was ordered', async () => {
    const { id } = await order('people');
    const waits = await order('people-waits', 'api');
    await end('people', 'enriched', ['11111111111']);
    await order('people-2');
    await end('people-2', 'deduplicated', ['22222222222']);
    const other = await order('people-3', 'api');
    expect(await were(other.id, '11111111111')).toBe(true);
    expect(await were(id, '11111111111')).toBe(false);
    expect(await were(other.id, '11111111111', '22222222222')).toBe(false);
    expect(await were(other.id, '22222222222')).toBe(false);
    // Ordered before the other one ended, it gets its message, however long it waits.
    expect(await were(waits.id, '11111111111')).toBe(false);
    await age('people', 61);
    expect(await were(other.id, '11111111111')).toBe(false);
  });

  it.each(['api', 'make'] as const)('are skipped by an order of %s, not by a push', async (origin) => {
    const skips = async (leadId: string) =>
      (
        await store.pool.query<{ skips: boolean }>(
          'select skips_recent as skips from facade.enrichments where lead_id = $1',
          [leadId],
        )
      ).rows.map((row) => row.skips);
    await order(`skips-${origin}`, origin);
    await repository.transaction((tx) => repository.enqueue(tx, [wanted(`push-${origin}`, 'c2s', 'contact2sale')]));
    expect([await skips(`skips-${origin}`), await skips(`push-${origin}`)]).toEqual([[true], [false]]);
  });
});

describe('the name of the customer', () => {
  const name = async (id: string) => (await repository.view(id))?.customerName;
  it('is there for who asks within the hold, and then goes', async () => {
    const { id } = await order('name');
    await end('name', 'enriched');
    expect(await name(id)).toBe('Ana Souza');
    await sweepCustomerNames(store.db, HOLD);
    expect(await name(id)).toBe('Ana Souza');
    await age('name', 301);
    expect(await sweepCustomerNames(store.db, HOLD)).toBeGreaterThan(0);
    expect(await name(id)).toBeNull();
  });

  it('goes with the end of one that failed', async () => {
    const { id } = await order('failed');
    await end('failed', 'nobody');
    expect(await name(id)).toBeNull();
  });
});
