import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../../../src/http/log.ts';
import {
  KeyedWrites,
  type FoundKey,
  type KeyedWrite,
  type KeyStore,
} from '../../../../src/facade/forward/keyed-writes.ts';
import type { Outcome } from '../../../../src/facade/rollout/outcome.ts';
import type { UnknownWrite } from '../../../../src/facade/store/unknown-write.ts';
import { askedOf, writeOf } from '../compare/unknown-writes/support.ts';

const BODY = Buffer.from('{"message":"Oi"}');

/** A database that says what it is told to, and what it was told. */
class FakeKeys implements KeyStore {
  readonly told: string[] = [];
  found: () => Promise<FoundKey> = () => Promise.resolve({ kind: 'claimed' });
  /** How many times it does not answer. */
  fails = 0;
  sealed: Buffer = Buffer.alloc(0);

  claim(): Promise<FoundKey> {
    this.told.push('claim');
    return this.found();
  }
  answered(_id: Buffer, writeId: string, path: string, status: number, sealed: Buffer): Promise<void> {
    this.sealed = sealed;
    return this.#tell(`answered ${writeId} ${path} ${status}`);
  }
  unknown({ id, state }: UnknownWrite): Promise<void> {
    return this.#tell(`unknown ${id} ${state}`);
  }
  release(_id: Buffer, writeId: string): Promise<void> {
    return this.#tell(`release ${writeId}`);
  }
  #tell(text: string): Promise<void> {
    this.told.push(text);
    return this.fails-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve();
  }
}

const sink = {
  onUnknown: () => undefined,
  describe: () => writeOf({ id: 'w', state: 'under_way' }),
  describeEnd: (_asked: unknown, _end: unknown, id: string) => writeOf({ id, state: 'open' }),
};
const warn = vi.fn();
const pause = (ms: number) => new Promise<void>((done) => void setTimeout(done, ms));
let keys: FakeKeys;
let writes: KeyedWrites;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  warn.mockReset();
  keys = new FakeKeys();
  writes = new KeyedWrites(sink, { warn } as unknown as Logger, pause);
  writes.attach(keys);
});
afterEach(() => {
  vi.useRealTimers();
});

const KEY = { 'idempotency-key': 'k-1' };
const admit = (parts: Parameters<typeof askedOf>[0] = {}) => writes.admit(askedOf({ headers: KEY, ...parts }), BODY);

async function sent(): Promise<KeyedWrite> {
  const found = await admit();
  if (found.kind !== 'send') throw new Error(found.kind);
  return found.write;
}
const flush = () => vi.advanceTimersByTimeAsync(0);

describe('a write with a key', () => {
  it.each<[string, FoundKey, object]>([
    ['new', { kind: 'claimed' }, { kind: 'send' }],
    ['mismatch', { kind: 'mismatch' }, { kind: 'refused', outcome: 'idempotency_mismatch' }],
    [
      'in progress',
      { kind: 'in_progress' },
      { kind: 'refused', outcome: 'idempotency_in_progress', retryAfterMs: 5_000 },
    ],
    ['unknown', { kind: 'unknown' }, { kind: 'refused', outcome: 'idempotency_unknown' }],
    [
      'arrived',
      { kind: 'arrived', path: 'gateway' },
      { kind: 'replay', path: 'gateway', answer: { headers: [], body: undefined } },
    ],
  ])('found as %s', async (_, found, admission) => {
    keys.found = () => Promise.resolve(found);
    expect(await admit()).toMatchObject(admission);
  });

  it.each<[string, Parameters<typeof askedOf>[0]]>([
    ['malformed', { headers: { 'idempotency-key': '"' } }],
    ['of a caller who is not known', { headers: KEY, caller: undefined }],
  ])('is asked of nobody: %s', async (_, parts) => {
    expect(await admit(parts)).toEqual({ kind: 'refused', outcome: 'idempotency_malformed' });
    expect(keys.told).toEqual([]);
  });

  it('is refused before the database is there', async () => {
    writes = new KeyedWrites(sink, { warn } as unknown as Logger, pause);
    expect(await admit()).toMatchObject({ outcome: 'idempotency_unavailable' });
  });

  it('waits no longer than three seconds for the database, and lets go of a claim that comes too late', async () => {
    const late = Promise.withResolvers<FoundKey>();
    keys.found = () => late.promise;
    const admission = admit();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await admission).toMatchObject({ outcome: 'idempotency_unavailable', retryAfterMs: 5_000 });
    late.resolve({ kind: 'claimed' });
    await flush();
    expect(keys.told).toEqual(['claim', 'release w']);
  });

  it('is refused when what was kept cannot be opened, or the request not described', async () => {
    keys.found = () => Promise.resolve({ kind: 'answered', path: 'direct', status: 200, sealed: Buffer.from('x') });
    expect(await admit()).toMatchObject({ outcome: 'idempotency_unavailable' });
    const broken = { ...sink, describe: () => { throw new Error('fault'); } }; // prettier-ignore
    writes = new KeyedWrites(broken, { warn } as unknown as Logger, pause);
    writes.attach(keys);
    expect(await admit()).toMatchObject({ outcome: 'idempotency_unavailable' });
  });
});

describe('its end', () => {
  const END = { path: 'gateway', body: BODY, isUnknown: false, wasSent: true, isWhole: true } as const;

  it.each<[string, Outcome, number, object, string]>([
    ['an answer', 'ok', 201, {}, 'answered w gateway 201'],
    ['a refusal of the CRM', 'ok', 422, {}, 'answered w gateway 422'],
    ['401', 'ok', 401, {}, 'release w'],
    ['403', 'ok', 403, {}, 'release w'],
    ['408', 'ok', 408, {}, 'release w'],
    ['425', 'ok', 425, {}, 'release w'],
    ['429', 'ok', 429, {}, 'release w'],
    ['never sent', 'upstream_connect', 0, {}, 'release w'],
    ['refused by the facade', 'facade_breaker_open', 0, { wasSent: false }, 'release w'],
    ['unknown', 'upstream_respond', 0, { isUnknown: true }, 'unknown w open'],
    ['unknown, but nothing was sent', 'client_admit', 0, { isUnknown: true, wasSent: false }, 'release w'],
  ])('%s', async (_, outcome, status, more, told) => {
    const write = await sent();
    write.keeper.begin(status, ['x-own', '1', 'Set-Cookie', 's', 'content-length', '2']);
    write.keeper.data(Buffer.from('{}'));
    write.ended({ ...END, outcome, status, ...more });
    await flush();
    expect(keys.told).toEqual(['claim', told]);
  });

  it.each<[string, number, boolean, string | undefined]>([
    ['whole', 2, true, 'xx'],
    ['cut', 2, false, undefined],
    ['as long as is kept', 262_144, true, 'x'.repeat(262_144)],
    ['longer than is kept', 262_145, true, undefined],
  ])('is told again: %s', async (_, length, isWhole, body) => {
    const write = await sent();
    write.keeper.begin(200, ['x-own', '1', 'Set-Cookie', 's', 'content-length', '2']);
    for (let left = length; left > 0; left -= 100_000) write.keeper.data(Buffer.alloc(Math.min(left, 100_000), 'x'));
    write.ended({ ...END, outcome: 'ok', status: 200, isWhole });
    await flush();
    keys.found = () => Promise.resolve({ kind: 'answered', path: 'gateway', status: 200, sealed: keys.sealed });
    const again = await admit();
    expect(again).toMatchObject({ kind: 'replay', answer: { status: 200, headers: ['x-own', '1'] } });
    expect(again.kind === 'replay' && again.answer.body?.toString()).toBe(body);
  });

  it('is tried again while the database is away, for four minutes', async () => {
    keys.fails = 99;
    (await sent()).release();
    await vi.advanceTimersByTimeAsync(240_999);
    expect(keys.told).toHaveLength(6);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(keys.told).toHaveLength(7);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(keys.told).toHaveLength(7);
  });

  it('is waited for when the process ends, for two seconds', async () => {
    keys.fails = 1;
    (await sent()).release();
    let isClosed = false;
    const closing = writes.close().then(() => (isClosed = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect(keys.told).toEqual(['claim', 'release w', 'release w']);
    keys.fails = 99;
    (await sent()).release();
    const slow = writes.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await slow;
  });
});
