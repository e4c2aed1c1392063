import { describe, expect, test } from 'vitest';
import { UnsignedPushes } from '../../../../src/c2s/enrichment/unsigned-pushes.ts';

function pushes(perMinute: number, untilMs: number | undefined = 1_000_000) {
  const time = { now: 0 };
  const settings: { untilMs: number | undefined; perMinute: number } = { untilMs, perMinute };
  const unsigned = new UnsignedPushes({ settings: () => settings, now: () => time.now, clock: () => time.now });
  return { time, settings, unsigned };
}

test('are taken until the date, and by a reload no longer', () => {
  const { time, settings, unsigned } = pushes(1, 1_000);
  expect(unsigned.isOpen).toBe(true);
  time.now = 999;
  expect(unsigned.isOpen).toBe(true);
  time.now = 1_000;
  expect(unsigned.isOpen).toBe(false);
  settings.untilMs = 2_000;
  expect(unsigned.isOpen).toBe(true);
  settings.untilMs = undefined;
  expect(unsigned.isOpen).toBe(false);
});

describe('of so many events a minute', () => {
  test('the first are taken at once, the next when one has drained', () => {
    const { time, unsigned } = pushes(60);
    for (let i = 0; i < 60; i++) {
      expect(unsigned.waitMs).toBe(0);
      unsigned.take(1);
    }
    expect(unsigned.waitMs).toBe(1_000);
    time.now = 1_001;
    expect(unsigned.waitMs).toBe(0);
  });

  test('a push of more is taken whole, and makes the next ones wait for all of it', () => {
    const { time, unsigned } = pushes(60);
    unsigned.take(600);
    expect(unsigned.waitMs).toBe(541_000);
    time.now = 541_001;
    expect(unsigned.waitMs).toBe(0);
  });

  test('an hour gets no more than its minutes', () => {
    const { time, unsigned } = pushes(6);
    let taken = 0;
    for (; time.now < 3_600_000; time.now += 100) {
      if (unsigned.waitMs > 0) continue;
      unsigned.take(1);
      taken++;
    }
    expect(taken).toBeGreaterThanOrEqual(360);
    expect(taken).toBeLessThanOrEqual(366);
  });
});
