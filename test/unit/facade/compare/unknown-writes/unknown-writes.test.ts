import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../../../../src/http/log.ts';
import { LimitPause } from '../../../../../src/facade/compare/limit-pause.ts';
import { ValueSeal } from '../../../../../src/facade/compare/unknown-writes/seal.ts';
import { UnknownWrites } from '../../../../../src/facade/compare/unknown-writes/unknown-writes.ts';
import type { RuntimeSnapshot } from '../../../../../src/facade/forward/runtime-snapshot.ts';
import { MemoryUnknownWrites } from '../../../../../src/facade/compare/unknown-writes/memory.ts';
import { NOON } from '../support.ts';
import { askedOf, writeOf } from './support.ts';

const END = { path: 'gateway', outcome: 'client_respond', status: 0, body: undefined } as const;
const warn = vi.fn();
let now = 0;
let isUnderPressure = false;
afterEach(() => {
  [now, isUnderPressure] = [0, false];
  warn.mockReset();
});

const opened: UnknownWrites[] = [];
afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

function started(): UnknownWrites {
  const writes = new UnknownWrites(
    { deadlineMs: 1_000, maxBodyBytes: 1_000, notArrivedAfterMs: 1_000 },
    {
      now: () => now,
      calendar: () => NOON + now,
      log: { warn, error: warn, info: () => undefined } as unknown as Logger,
      pause: new LimitPause(() => now),
      seal: new ValueSeal('secret'),
      snapshot: () => ({ entries: [], upstreams: {} }) as unknown as RuntimeSnapshot,
      credentials: () => ({}) as never,
      isUnderPressure: () => isUnderPressure,
      lookedFor: () => undefined,
      counted: () => undefined,
    },
  );
  opened.push(writes);
  return writes;
}

describe('unknown writes', () => {
  it('of strangers are ten a minute, which keep none of a known caller out of the list', async () => {
    const writes = started();
    writes.keepInMemory();
    for (let i = 0; i < 2_000; i++) writes.onUnknown(askedOf({ caller: undefined }), END);
    for (let i = 0; i < 20; i++) writes.onUnknown(askedOf(), END);
    const callers = (await writes.list({ limit: 500 })).map(({ caller }) => caller);
    expect(callers.filter((caller) => caller === null)).toHaveLength(10);
    expect(callers).toHaveLength(30);
    // Said once, not two thousand times.
    expect(warn).toHaveBeenCalledTimes(1);
    now = 60_000;
    for (let i = 0; i < 20; i++) writes.onUnknown(askedOf({ caller: undefined }), END);
    expect(await writes.list({ limit: 500 })).toHaveLength(40);
  });

  it('wait for the database, the newest thousand', async () => {
    const writes = started();
    for (let i = 0; i < 1_003; i++) writes.onUnknown(askedOf(), END);
    expect(writes.unwritten).toBe(1_000);
    expect(warn).toHaveBeenCalledTimes(3);
    writes.keepInMemory();
    await writes.beat();
    expect(writes.unwritten).toBe(0);
  });

  it('are written down while a look at a slow CRM is under way', async () => {
    const writes = started();
    const store = new MemoryUnknownWrites();
    const look = Promise.withResolvers<void>();
    await store.add([writeOf({ id: 'slow' })]);
    const looked = vi.spyOn(store, 'looked').mockReturnValue(look.promise);
    writes.attach(store);
    const slow = writes.beat();
    await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(1));
    writes.onUnknown(askedOf(), END);
    const next = writes.beat();
    await vi.waitFor(() => expect(writes.unwritten).toBe(0));
    look.resolve();
    await Promise.all([slow, next]);
    expect(looked).toHaveBeenCalledTimes(1);
  });

  it('are not looked for under pressure', async () => {
    const writes = started();
    const store = new MemoryUnknownWrites();
    const take = vi.spyOn(store, 'take');
    writes.attach(store);
    isUnderPressure = true;
    await writes.beat();
    expect(take).not.toHaveBeenCalled();
    isUnderPressure = false;
    await writes.beat();
    expect(take).toHaveBeenCalledTimes(1);
  });
});
