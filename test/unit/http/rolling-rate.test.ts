import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingRate } from '../../../src/http/rolling-rate.ts';

const WINDOW = 10_000;
const counts = ({ total, marked }: RollingRate) => ({ total, marked });

test('counts all and the marked ones', () => {
  const rate = new RollingRate(WINDOW);
  rate.record(100, true);
  rate.record(200, false);
  rate.record(1_200, true);
  expect(counts(rate)).toEqual({ total: 3, marked: 2 });
});

test('forgets a slot when the window has moved past it', () => {
  const rate = new RollingRate(WINDOW);
  rate.record(0, true);
  rate.record(9_999, false);
  expect(counts(rate)).toEqual({ total: 2, marked: 1 });
  rate.record(10_000, false);
  expect(counts(rate)).toEqual({ total: 2, marked: 0 });
});

test('forgets everything after a pause of any length', () => {
  const rate = new RollingRate(WINDOW);
  for (let now = 0; now < 20_000; now += 7) rate.record(now, true);
  rate.record(5_000_000, false);
  expect(counts(rate)).toEqual({ total: 1, marked: 0 });
});

test('a reset forgets, and what comes later in the same slot counts from nothing', () => {
  const rate = new RollingRate(WINDOW);
  rate.record(5_000, true);
  rate.reset();
  expect(counts(rate)).toEqual({ total: 0, marked: 0 });
  rate.record(5_001, false);
  expect(counts(rate)).toEqual({ total: 1, marked: 0 });
  rate.record(16_000, true);
  expect(counts(rate)).toEqual({ total: 1, marked: 1 });
});

test('counts the same as a list of everything that happened, cut to ten slots', () => {
  const event = fc.record({ after: fc.integer({ min: 0, max: 4_000 }), marked: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(100, 1_000, 12_345),
      (events, window) => {
        const rate = new RollingRate(window);
        const slot = window / 10;
        const seen: { at: number; marked: boolean }[] = [];
        let now = 0;
        for (const { after, marked } of events) {
          now += after;
          const at = Math.floor(now / slot);
          seen.push({ at, marked });
          rate.record(now, marked);
          const kept = seen.filter((one) => one.at > at - 10);
          expect(counts(rate)).toEqual({ total: kept.length, marked: kept.filter((one) => one.marked).length });
        }
      },
    ),
  );
});
