import { describe, expect, it, vi } from 'vitest';
import { StoreHolder } from '../../../../src/facade/store/holder.ts';
import { StoreUnavailable, type Store } from '../../../../src/facade/store/index.ts';
import { log } from './kit.ts';

/** The parts of the facade that begin once the store is open. */

const readOnly = vi.fn((): Promise<string | undefined> => Promise.resolve(undefined));
const store = { isEmbedded: false, readOnly, cut: () => undefined, close: async () => undefined } as unknown as Store;

/** Of a database that takes writes. */
const LOOK_EVERY_MS = 15_000;

/** A holder whose pauses end when the test says so. */
function setUp() {
  const waiting: { readonly ms: number; end(): void }[] = [];
  const looks: typeof waiting = [];
  const pauses: number[] = [];
  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((end) => {
      const isLook = ms === LOOK_EVERY_MS;
      if (!isLook) pauses.push(ms);
      (isLook ? looks : waiting).push({ ms, end });
      signal.addEventListener('abort', () => end());
    });
  const holder = new StoreHolder({ databaseUrl: 'postgres://x', dataDir: 'x', log, pause, open: async () => store });
  const nextPause = async (): Promise<void> => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
    waiting.shift()?.end();
  };
  const nextLook = async (): Promise<void> => {
    await vi.waitFor(() => expect(looks.length).toBeGreaterThan(0));
    looks.shift()?.end();
  };
  return { holder, pauses, nextPause, nextLook };
}

describe('a part that cannot be started on the open store', () => {
  it('is tried again until it starts, and is named meanwhile; the others do not wait for it', async () => {
    const { holder, pauses, nextPause } = setUp();
    const queue = vi.fn(() => Promise.resolve());
    for (let n = 0; n < 3; n++) queue.mockRejectedValueOnce(new StoreUnavailable('rights are missing'));
    const other = vi.fn();
    holder.whenReady('enrichment', queue);
    holder.whenReady('autopilot', other);
    holder.start();
    await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(1));
    expect(holder.unstarted).toEqual({ enrichment: expect.stringContaining('rights are missing') as unknown });
    for (let n = 0; n < 3; n++) await nextPause();
    await vi.waitFor(() => expect(holder.unstarted).toEqual({}));
    expect(queue).toHaveBeenCalledTimes(4);
    expect(pauses).toEqual([500, 1_000, 2_000]);
    expect(other).toHaveBeenCalledTimes(1);
    await holder.close();
  });

  it('is not tried again once the holder is closed', async () => {
    const { holder } = setUp();
    const start = vi.fn(() => Promise.reject(Object.assign(new Error('no'), { code: '42501' })));
    holder.whenReady('enrichment', start);
    holder.start();
    await vi.waitFor(() =>
      expect(holder.unstarted).toEqual({ enrichment: expect.stringContaining('(42501); run') as unknown }),
    );
    await holder.close();
    expect(start).toHaveBeenCalledTimes(1);
  });
});

describe('a database that only reads', () => {
  const REASON = 'it only reads: it is a standby';
  const becomes = (holder: StoreHolder, problem: string | undefined) =>
    vi.waitFor(() => expect(holder.problem).toBe(problem));

  it('is told, whether it did from the start or was a primary until now, for as long as it does', async () => {
    const { holder, pauses, nextPause, nextLook } = setUp();
    readOnly.mockResolvedValueOnce(REASON);
    holder.start();
    await becomes(holder, REASON);
    await nextPause();
    await becomes(holder, undefined);
    for (const problem of [undefined, REASON]) {
      if (problem) for (let n = 0; n < 3; n++) readOnly.mockResolvedValueOnce(problem);
      await nextLook();
      await becomes(holder, problem);
    }
    for (let n = 0; n < 3; n++) await nextPause();
    await becomes(holder, undefined);
    expect(pauses).toEqual([500, 500, 1_000, 2_000]);
    await nextLook();
    await holder.close();
  });

  it('is not called writable, nor read-only, by a look that fails', async () => {
    const { holder, nextPause, nextLook } = setUp();
    holder.start();
    await becomes(holder, undefined);
    readOnly.mockRejectedValueOnce(new Error('away'));
    await nextLook();
    await becomes(holder, undefined);
    readOnly.mockResolvedValueOnce(REASON).mockRejectedValueOnce(new Error('away'));
    await nextLook();
    await becomes(holder, REASON);
    await nextPause();
    await vi.waitFor(() => expect(readOnly.mock.results.at(-1)?.type).toBe('return'));
    expect(holder.problem).toBe(REASON);
    await holder.close();
  });
});
