import { beforeEach, describe, expect, test } from 'vitest';
import { BreakerWatch } from '../../../../src/facade/notify/breaker-watch.ts';
import type { Notification } from '../../../../src/facade/notify/notification.ts';

let now: number;
let told: Notification[];
let watch: BreakerWatch;
beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  told = [];
  watch = new BreakerWatch({ instance: 'one', now: () => now, tell: (notification) => told.push(notification) });
});
const changed = (state: 'open' | 'half-open' | 'closed', isFollowed = false) =>
  watch.changed('leads.get', 'gateway', state, isFollowed);
const states = () =>
  told.map(({ from, to, leftOut = 0 }) => `${from as string} → ${to as string}, ${leftOut} left out`);

describe('what is told of a breaker', () => {
  test('is that it opened, and that it closed; probes that fail are no news', () => {
    changed('open');
    for (let i = 0; i < 10; i++) {
      changed('half-open');
      changed('open');
    }
    changed('half-open');
    changed('closed');
    expect(states()).toEqual(['closed → open, 0 left out', 'open → closed, 0 left out']);
    expect(told[0]).toMatchObject({ event: 'breaker', route: 'leads.get', path: 'gateway', instance: 'one' });
  });

  test('is each state once a minute at most, however it flaps, and in the end what it is', () => {
    for (let i = 0; i < 1_000; i++) {
      changed('open');
      changed('closed');
      now += 10;
      watch.look();
    }
    changed('open');
    expect(states()).toEqual(['closed → open, 0 left out', 'open → closed, 0 left out']);
    now += 60_000;
    watch.look();
    expect(states().at(-1)).toBe('closed → open, 1998 left out');
    now += 3_600_000;
    watch.look();
    changed('closed');
    expect(states().slice(3)).toEqual(['open → closed, 0 left out']);
  });

  test('is nothing where another worker saw it, which tells', () => {
    changed('open', true);
    watch.look();
    expect(told).toEqual([]);
    changed('closed');
    expect(states()).toEqual(['open → closed, 0 left out']);
  });

  test('is forgotten with a route that left the table', () => {
    changed('open');
    watch.keep(new Set(['tags.list']));
    now += 60_000;
    changed('open');
    expect(told).toHaveLength(2);
  });
});
