import { describe, expect, it } from 'vitest';
import { MemoryUnknownWrites } from '../../../../../src/facade/compare/unknown-writes/memory.ts';
import type { UnknownWrite } from '../../../../../src/facade/store/unknown-write.ts';
import { NOON } from '../support.ts';
import { writeOf } from './support.ts';

const at = (ms: number): Date => new Date(NOON + ms);
const SETTLEMENT = { at: '', who: 'ana', why: 'looked', identity: 'loopback', source: 'cli' };
const ids = (writes: readonly UnknownWrite[]): string => writes.map(({ id }) => id).join();

async function kept(...writes: Partial<UnknownWrite>[]): Promise<MemoryUnknownWrites> {
  const store = new MemoryUnknownWrites(3);
  await store.add(writes.map((write) => writeOf(write)));
  return store;
}
const all = async (store: MemoryUnknownWrites) => ids(await store.list({ limit: 10 }));

describe('unknown writes in memory', () => {
  it('lets go of the oldest, and of what is worked off first', async () => {
    const store = await kept({ id: 'a' }, { id: 'b', state: 'arrived' }, { id: 'c' });
    await store.add([writeOf({ id: 'd' })]);
    expect(await all(store)).toBe('d,c,a');
    await store.add([writeOf({ id: 'e' })]);
    expect(await all(store)).toBe('e,d,c');
  });

  it('lists the newest first, of a state or a route, and what stands behind one', async () => {
    const store = await kept({ id: 'a', route: 'r' }, { id: 'b', state: 'settled' }, { id: 'c', route: 'r' });
    expect(ids(await store.list({ limit: 2 }))).toBe('c,b');
    expect(ids(await store.list({ limit: 2, after: 'b' }))).toBe('a');
    expect(ids(await store.list({ limit: 2, after: 'gone' }))).toBe('');
    expect(ids(await store.list({ limit: 9, route: 'r' }))).toBe('c,a');
    expect(ids(await store.list({ limit: 9, state: 'settled' }))).toBe('b');
  });

  it('hands out what is due, the one that is due longest first, and to nobody else meanwhile', async () => {
    const store = await kept(
      { id: 'late', nextLookAt: at(5) },
      { id: 'due', nextLookAt: at(3) },
      { id: 'later', nextLookAt: at(9) },
    );
    expect(ids(await store.take(at(5), 100, 1))).toBe('due');
    expect(ids(await store.take(at(5), 100, 9))).toBe('late');
    expect(ids(await store.take(at(5), 100, 9))).toBe('');
    expect(ids(await store.take(at(105), 100, 9))).toBe('later,late,due');
  });

  it('keeps what a look came to, and the hashes until the last one only', async () => {
    const checks = { keyId: 'k', fields: [{ name: 'message', value: 'v' }] };
    const store = await kept({ id: 'a', checks });
    await store.looked('a', { state: 'open', why: null, missing: ['message'], nextLookAt: at(9) });
    expect((await store.list({ limit: 1 }))[0]).toMatchObject({ looks: 1, missing: ['message'], checks });
    await store.looked('a', { state: 'arrived', why: null, missing: [], nextLookAt: null });
    expect((await store.list({ limit: 1 }))[0]).toMatchObject({ state: 'arrived', looks: 2, checks: null });
  });

  it('settles once, and a look that comes after that changes nothing', async () => {
    const store = await kept({ id: 'a' }, { id: 'b' });
    expect(await store.settle(['a', 'gone'], SETTLEMENT)).toEqual(['a']);
    expect(await store.settle(['a'], SETTLEMENT)).toEqual([]);
    await store.looked('a', { state: 'not_arrived', why: null, missing: [], nextLookAt: null });
    expect((await store.list({ limit: 1, state: 'settled' }))[0]).toMatchObject({ id: 'a', settlement: SETTLEMENT });
    expect(await store.counts()).toEqual([
      { route: 'leads.messages.create', state: 'settled', cause: 'upstream', count: 1 },
      { route: 'leads.messages.create', state: 'open', cause: 'upstream', count: 1 },
    ]);
  });

  it('lets go of what is old: worked off, or of any state', async () => {
    const store = await kept(
      { id: 'a', at: at(1), state: 'settled' },
      { id: 'b', at: at(1) },
      { id: 'c', at: at(0), state: 'cannot_tell' },
    );
    await store.prune(at(2), at(1));
    expect(await all(store)).toBe('b');
  });
});
