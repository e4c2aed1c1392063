import { afterEach, describe, expect, it, vi } from 'vitest';
import { OrderGate } from '../../../../src/c2s/enrichment/order-gate.ts';

/** Orders of one lead wait for each other, so that one that hangs costs one connection. */

function setUp(places = 100) {
  const gate = new OrderGate(places);
  const begun: string[] = [];
  const hold = (name: string, leads: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const ended = gate.run(leads, () => {
      begun.push(name);
      return promise;
    });
    ended.catch(() => undefined);
    return { ended, release: () => resolve(name), fail: () => reject(new Error('lost')) };
  };
  return { begun, hold };
}

afterEach(() => void vi.useRealTimers());

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('orders', () => {
  it('of one lead are carried out one after the other, of others beside them', async () => {
    const { begun, hold } = setUp();
    const first = hold('first', ['a', 'b']);
    const second = hold('second', ['b', 'c']);
    hold('other', ['d']);
    await turn();
    expect(begun).toEqual(['first', 'other']);
    first.release();
    expect(await first.ended).toBe('first');
    await turn();
    expect(begun).toEqual(['first', 'other', 'second']);
    second.release();
    await second.ended;
  });

  it('of many leads are carried out as places become free, in their order, after one that fails too', async () => {
    const { begun, hold } = setUp(2);
    const orders = ['a', 'b', 'c', 'd', 'e'].map((name) => hold(name, [name]));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    orders[1]?.fail();
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    orders[0]?.release();
    orders[2]?.release();
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('that waited too long for a place are refused, and take none', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { begun, hold } = setUp(1);
    const first = hold('first', ['a']);
    const second = hold('second', ['b']);
    await turn();
    vi.advanceTimersByTime(10_001);
    first.release();
    await expect(second.ended).rejects.toMatchObject({ problem: { status: 503, kind: 'enrichment-busy' } });
    hold('third', ['c']);
    await turn();
    expect(begun).toEqual(['first', 'third']);
  });

  it('go on after one that fails', async () => {
    const { begun, hold } = setUp();
    const first = hold('first', ['a']);
    hold('second', ['a']);
    first.fail();
    await expect(first.ended).rejects.toThrow('lost');
    await turn();
    expect(begun).toEqual(['first', 'second']);
  });

  it('of a lead that hangs are bounded: the eleventh is refused at once, and other leads are served', async () => {
    const { begun, hold } = setUp();
    const waiting = Array.from({ length: 10 }, (_, n) => hold(`n${n}`, ['hangs', `beside-${n}`]));
    const eleventh = hold('n10', ['hangs']);
    await expect(eleventh.ended).rejects.toMatchObject({ problem: { status: 503, kind: 'enrichment-busy' } });
    hold('other', ['well']);
    await turn();
    expect(begun).toEqual(['n0', 'other']);
    for (const { release } of waiting) release();
    await Promise.all(waiting.map(({ ended }) => ended));
    // Nobody waits any more.
    hold('again', ['hangs']);
    await turn();
    expect(begun.at(-1)).toBe('again');
  });

  it('that waited behind one that hung are refused instead of each waiting as long again', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { begun, hold } = setUp();
    const first = hold('first', ['a']);
    const waiting = [hold('second', ['a']), hold('third', ['a'])];
    await vi.advanceTimersByTimeAsync(4_001);
    first.release();
    for (const { ended } of waiting) {
      await expect(ended).rejects.toMatchObject({ problem: { status: 503, kind: 'enrichment-busy' } });
    }
    hold('next', ['a']);
    await turn();
    expect(begun).toEqual(['first', 'next']);
  });
});
